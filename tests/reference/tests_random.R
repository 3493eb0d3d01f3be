# Reference figures for tests over the designs drawn at random by designs.R: several stages, strata in two of them, lonely PSUs, weights of 0, missing values.
#
#   cd tests/reference && Rscript tests_random.R
#
# writes tests_random.csv.
source("tests_figures.R")

source("lonely_rule.R")

# What R cannot do (singular tables, groups of one level, a single row of several stages) is passed over.
attempt <- function(x) {
  n <- length(rows)
  done <- tryCatch({ force(x); TRUE }, error = function(e) FALSE)
  if (!done) rows <<- rows[seq_len(n)]
}
lonely <- c("fail", "remove", "certainty", "average", "adjust")
for (i in c(2, 3, 4, 5, 8, 11, 13, 14)) {
  stages <- c(1, 2, 3, 4, 2)[(i - 1) %% 5 + 1]
  option <- lonely[(i - 1) %/% 3 + 1]
  kind <- c("none", "sizes", "fractions")[(i - 1) %% 3 + 1]
  second <- stages > 1 && i %% 2 == 0
  file <- sprintf("data/designs-%02d.csv.gz", i)
  d <- read(file)
  options(survey.lonely.psu = option)
  ids <- c("psu", if (stages > 1) paste0("c", 2:stages))
  by_stage <- c("h", if (second) "g")
  fpc <- paste0("n", seq_len(stages))
  formula_of <- function(v) as.formula(paste("~", paste(v, collapse = "+")))
  weighted <- kind == "none" || i %% 2 == 1
  design <- svydesign(id = formula_of(ids), strata = formula_of(by_stage), weights = if (weighted) ~w, fpc = if (kind != "none") formula_of(fpc), nest = i %% 3 == 0, data = d)
  o <- paste("--data", paste0("tests/reference/", file), "--clusters", paste(ids, collapse = ","), "--strata", paste(by_stage, collapse = ","))
  if (weighted) o <- paste(o, "--weights w")
  if (kind != "none") o <- paste(o, "--fpc", paste(fpc, collapse = ","))
  if (i %% 3 == 0) o <- paste(o, "--nest")
  if (option != "fail") o <- paste(o, "--lonely-psu", option)
  # zero weights: svychisq counts them among the levels and PSUs; a subpopulation without them
  w0 <- if (weighted) "w > 0" else "big > 0"; r0 <- if (weighted) quote(w > 0) else quote(big > 0)
  attempt(tables("r", o, design, "work", "group", where = w0, r = r0))
  attempt(tables("r", o, design, "place", "size", wb = "factor(size)", where = w0, r = r0))
  attempt(tables("r", o, design, "size", "group", wa = "factor(size)"))
  attempt(tables("r", o, design, "place", "group", by = "size", where = w0, r = r0))
  attempt(fits("r", o, design, "place", c(1, 2, 3, 2)))
  attempt(one_sample("r", o, design, "y", mu = 35))
  attempt(one_sample("r", o, design, "x", by = "size"))
  attempt(two_groups("r", o, design, "y", "group"))
  attempt(two_groups("r", o, design, "x", "work", where = 'work = "no" or work = "да"', r = quote(work == "no" | work == "да")))
  attempt(ranks("r", o, design, "y", "place", where = w0, r = r0))
  attempt(ranks("r", o, design, "x", "group", where = w0, r = r0))
  attempt(ranks("r", o, design, "size", "group", where = w0, r = r0))
}
write_figures("tests_random.csv", "The rule of survey 4.2 and later for `adjust` is written out in tests_random.R.")
