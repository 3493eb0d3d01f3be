# Reference figures for designs drawn at random: one to four stages, strata in two of them, censuses within strata, fpc as sizes and as fractions,
# cluster numbers that start again in every stratum, lonely PSUs with every option, weights of 0, missing values, labels in Cyrillic and with
# separators and quotes, domains of few rows; and unequal weights that nearly make the products w y equal.
#
#   cd tests/reference && Rscript designs.R
#
# writes designs.csv (as estimates.csv) and data/designs-*.csv.gz.
source("figures.R")
options(warn = -1)

source("lonely_rule.R")

# The variance among one person is not defined: what R makes of it (0 or infinity) is rounding.
all_figures <- figures
figures <- function(case, command, key, est, se, dfs, level, df, deff, n, missing)
  all_figures(case, command, key, est, se, dfs, level, df, if (n > 1) deff, n, missing)

# Units of a stage and all that is in them. Lonely PSUs and censuses are told by `few` and `census`.
draw <- function(stage, stages, p) {
  strata <- if (stage == 2 && p$second) 1:2 else 1
  do.call(rbind, lapply(strata, function(g) {
    n <- sample((if (p$few) 1 else 2):(if (stage == 1) 6 else 4), 1)
    size <- if (runif(1) < p$census) n else n + sample(1:30, 1)
    do.call(rbind, lapply(seq_len(n), function(i) {
      r <- if (stage < stages) draw(stage + 1, stages, p) else data.frame(row = seq_len(if (p$elements) 1 else sample(1:4, 1)))
      r[[paste0("c", stage)]] <- i + 10 * g
      r[[paste0("n", stage)]] <- if (p$fractions) n / size else size
      if (stage == 2) r$g <- g
      r
    }))
  }))
}
people <- function(d) {
  n <- nrow(d)
  some <- function(x, share) { x[sample(n, ceiling(n * share))] <- NA; x }
  d$w <- round(rexp(n, 1 / 50) + 1, 2)
  d$w[sample(n, ceiling(n / 12))] <- 0
  d$y <- some(round(rnorm(n, 40, 15) * 8) / 8, .08)
  d$x <- some(round(rexp(n, 1 / 30) + 1, 3), .1)
  d$big <- 2^30 + round(rnorm(n, 0, 20) * 8) / 8
  d$`small share` <- runif(n) * 1e-18
  d$code <- sample(c(1, 2, 10, -3), n, TRUE)
  d$work <- some(sample(c("да", "не знам", "no", "z z"), n, TRUE, c(5, 3, 2, .3)), .05)
  d$place <- sample(c("София град", "Пловдив", "B, \"x\"", "a;b"), n, TRUE)
  d$size <- sample(c(3, 20, 100), n, TRUE, c(5, 3, .5))
  d$group <- sample(c("u", "v", NA), n, TRUE)
  d$row <- NULL
  d[sample(n), ]
}
# svyrecvar of 4.1-1 stops for a single row of a design of several stages: such commands are passed over.
try_run <- function(...) {
  done <- tryCatch({ run(...); TRUE }, error = function(e) FALSE)
  invisible(done)
}

battery <- function(case, d, o) {
  case <- paste0("random_", case)
  try_run(case, paste("mean y x work", o), d, "mean", c("y", "x", "work"), deff = TRUE, level = .9, design.df = TRUE)
  try_run(case, paste("mean 'factor(code)'", o), d, "mean", "code", factors = TRUE, deff = "replace")
  try_run(case, paste("mean y", o), d, "mean", "y", by = "group", deff = TRUE)
  try_run(case, paste("mean 'small share'", o), d, "mean", "small share", by = "place", level = .99)
  try_run(case, paste("total y work", o), d, "total", c("y", "work"), deff = TRUE)
  try_run(case, paste("total x", o), d, "total", "x", by = c("size", "group"), deff = "replace")
  try_run(case, paste("ratio y/x x/big", o), d, "ratio", c("y/x", "x/big"), level = .99)
  try_run(case, paste("ratio y/x", o), d, "ratio", "y/x", by = "place", design.df = TRUE)
  try_run(case, paste("mean work", o, "--where '(y > 35 and work != \"no\") or (size = 20 and x < 25)'"), d, "mean", "work",
          where = quote((y > 35 & work != "no") | (size == 20 & x < 25)), by = "group")
  for (method in c("beta", "xlogit")) tryCatch(run_ci(case, paste("proportion work", o), d, "work", "да", by = "group", level = .9), error = function(e) NULL)
  run_table(case, paste("table work group", o), d, c("work", "group"))
  run_table(case, paste("table work size group", o), d, c("work", "size", "group"))
}

lonely <- c("fail", "remove", "certainty", "average", "adjust")
for (i in 1:15) {
  set.seed(20261100 + i)
  stages <- c(1, 2, 3, 4, 2)[(i - 1) %% 5 + 1]
  option <- lonely[(i - 1) %/% 3 + 1]
  kind <- c("none", "sizes", "fractions")[(i - 1) %% 3 + 1]
  p <- list(second = stages > 1 && i %% 2 == 0, few = option != "fail", census = .2, fractions = kind == "fractions", elements = i %% 4 == 1)
  strata <- if (stages == 4) 2 else 4
  d <- do.call(rbind, lapply(seq_len(strata), function(h) { r <- draw(1, stages, p); r$h <- paste("страта,", letters[h]); r }))
  d <- people(d)
  d$psu <- if (i %% 3 == 0) d$c1 else paste(d$c1, d$h)
  file <- sprintf("data/designs-%02d.csv.gz", i)
  write.csv(d, gzfile(file, encoding = "UTF-8"), row.names = FALSE, na = "")
  options(survey.lonely.psu = option)
  ids <- c("psu", if (stages > 1) paste0("c", 2:stages))
  by_stage <- c("h", if (p$second) "g")
  fpc <- paste0("n", seq_len(stages))
  formula_of <- function(v) as.formula(paste("~", paste(v, collapse = "+")))
  weighted <- kind == "none" || i %% 2 == 1
  design <- svydesign(id = formula_of(ids), strata = formula_of(by_stage), weights = if (weighted) ~w, fpc = if (kind != "none") formula_of(fpc),
                      nest = i %% 3 == 0, data = transform(d, work = factor(work), place = factor(place), group = factor(group), check.names = FALSE))
  names(design$variables) <- names(d)
  o <- paste("--data", paste0("tests/reference/", file), "--clusters", paste(ids, collapse = ","), "--strata", paste(by_stage, collapse = ","))
  if (weighted) o <- paste(o, "--weights w")
  if (kind != "none") o <- paste(o, "--fpc", paste(fpc, collapse = ","))
  if (i %% 3 == 0) o <- paste(o, "--nest")
  if (option != "fail") o <- paste(o, "--lonely-psu", option)
  battery(sprintf("%02d_%s", i, option), design, o)
}
options(survey.lonely.psu = "fail")

# Sampling with probability proportional to a size that is nearly what is measured: the variance of a total is that of small differences.
set.seed(7)
pps <- data.frame(size = sample(10:4000, 60), h = rep(c("a", "b"), 30))
pps <- within(pps, {
  w <- 100000 / size
  y <- round(size * (1 + 1e-5 * runif(60)), 6)
})
pps$w[c(5, 17)] <- 0
write.csv(pps, gzfile("data/designs-pps.csv.gz"), row.names = FALSE, na = "")
o <- "--data tests/reference/data/designs-pps.csv.gz --weights w --strata h"
d <- svydesign(id = ~1, strata = ~h, weights = ~w, data = pps)
run("pps", paste("total y", o, "--where 'w > 0'"), d, "total", "y", where = quote(w > 0))
run("pps", paste("total y", o), d, "total", "y", deff = TRUE)
nearly <- pps[pps$w > 0, ]
write.csv(nearly, gzfile("data/designs-pps-nearly.csv.gz"), row.names = FALSE, na = "")
d <- svydesign(id = ~1, strata = ~h, weights = ~w, data = nearly)
o <- "--data tests/reference/data/designs-pps-nearly.csv.gz --weights w --strata h"
run("pps_nearly", paste("total y", o), d, "total", "y", deff = TRUE)
run("pps_nearly", paste("total y", o), d, "total", "y", by = "h")
write_figures("designs.csv", "The rule of survey 4.2 and later for `adjust` is written out in designs.R.")
