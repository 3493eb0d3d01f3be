# Reference figures for unequal probabilities without replacement: Brewer with strata and later stages, Overton, Hartley-Rao, joint probabilities and
# Poisson sampling, Horvitz-Thompson and Yates-Grundy, domains and missing values.
#
#   cd tests/reference && Rscript pps.R
#
# writes pps.csv and data/election.csv.gz, data/election-joint.csv.gz, data/unequal.csv.gz, data/unequal-joint.csv.gz.
source("figures.R")
options(warn = -1)
gz <- function(x, path) { con <- gzfile(file.path("data", path), "wb"); write.csv(x, con, row.names = FALSE, na = ""); close(con) }
data(election)
e <- election_pps
e$big <- ifelse(e$votes > 100000, "big", "small")
gz(e, "election.csv.gz")
gz(as.data.frame(election_jointprob), "election-joint.csv.gz")
e <- read("data/election.csv.gz")

# Strata of units with sizes, clusters of rows in them, values missing here and there.
set.seed(20240501)
u <- do.call(rbind, lapply(1:4, function(h) {
  n <- c(6, 9, 5, 12)[h]
  size <- round(rgamma(n, 3, .05) + 5)
  p <- if (h == 3) rep(.25, n) else pmin(.95, n * size / (sum(size) * runif(1, 3, 6)))
  do.call(rbind, lapply(seq_len(n), function(i) {
    m <- sample(2:5, 1)
    M <- m + sample(1:20, 1)
    data.frame(h = letters[h], psu = 100 * h + i, p = round(p[i], 6), ssu = 1:m, p2 = m / M, size = size[i], y = round(size[i] * rlnorm(m, 0, .3), 2),
               x = round(rnorm(m, 50, 12), 1), g = sample(c("m", "f"), m, TRUE))
  }))
}))
u$y[c(3, 17, 41)] <- NA
u$row <- seq_len(nrow(u))
u$s <- match(u$h, letters)       # 4.1-1 takes only numbers as strata of Overton's and of Hartley and Rao's method
one <- u[!duplicated(u$psu), ]
gz(u, "unequal.csv.gz")
gz(one, "unequal-units.csv.gz")
# Joint probabilities of the units: Overton's within strata, products between.
pij <- outer(one$p, one$p)
n <- ave(one$p, one$h, FUN = length)
same <- outer(one$h, one$h, "==")
pij[same] <- (outer(one$p, one$p) * (n - 1) / (n - outer(one$p, one$p, "+") / 2))[same]
diag(pij) <- one$p
gz(as.data.frame(pij), "unequal-joint.csv.gz")
pij <- unname(as.matrix(read.csv("data/unequal-joint.csv.gz")))
u <- read("data/unequal.csv.gz"); one <- read("data/unequal-units.csv.gz")

# The method for [ is not registered in 4.1-1, so subset() does not find it.
pps_rows <- getFromNamespace("[.pps", "survey")
all_of <- function(case, what, d, y, ratio, by, figure = put, missing = TRUE, total = TRUE) {
  one_row <- function(key, m) { figure(case, command, key, "estimate", unname(coef(m))[1]); figure(case, command, key, "se", unname(SE(m))[1]) }
  for (v in y) {
    if (total) { command <- paste("total", v, what); one_row(sprintf("variable=%s", v), svytotal(reformulate(v), d, na.rm = TRUE)) }
    command <- paste("mean", v, what); one_row(sprintf("variable=%s", v), svymean(reformulate(v), d, na.rm = TRUE))
    put(case, command, sprintf("variable=%s", v), "df", degf(d))
  }
  command <- paste("ratio", paste(ratio, collapse = "/"), what)
  r <- svyratio(reformulate(ratio[1]), reformulate(ratio[2]), d, na.rm = TRUE)
  figure(case, command, "", "estimate", r$ratio[1]); figure(case, command, "", "se", sqrt(r$var[1]))
  for (v in y[1]) for (l in levels(factor(d$variables[[by]]))) {
    rows <- d$variables[[by]] == l
    s <- if (inherits(d, "pps")) pps_rows(d, rows) else d[rows, ]
    command <- paste("mean", v, what, "--by", by); one_row(sprintf("%s=%s", by, l), svymean(reformulate(v), s, na.rm = TRUE))
    command <- paste("total", v, what, "--by", by); one_row(sprintf("%s=%s", by, l), svytotal(reformulate(v), s, na.rm = TRUE))
  }
  f <- reformulate(sprintf("factor(%s)", by))
  m <- svymean(f, d); t <- svytotal(f, d); command <- paste("mean", by, what)
  for (i in seq_along(coef(m))) {
    key <- sprintf("level=%s", levels(factor(d$variables[[by]]))[i])
    command <- paste("mean", by, what); put(case, command, key, "estimate", coef(m)[i]); put(case, command, key, "se", SE(m)[i])
    command <- paste("total", by, what); put(case, command, key, "estimate", coef(t)[i]); put(case, command, key, "se", SE(t)[i])
  }
}
# ---- election ----
file <- "--data tests/reference/data/election.csv.gz --fpc p"
joint <- "--joint tests/reference/data/election-joint.csv.gz"
votes <- c("Bush", "Kerry", "Nader")
d <- list(
  "--pps brewer" = svydesign(id = ~1, fpc = ~p, data = e, pps = "brewer"),
  "--pps overton" = svydesign(id = ~1, fpc = ~p, data = e, pps = "overton"),
  "--pps overton --pps-variance yg" = svydesign(id = ~1, fpc = ~p, data = e, pps = "overton", variance = "YG"),
  "--pps hr" = svydesign(id = ~1, fpc = ~p, data = e, pps = HR()),
  "--pps hr --pps-variance yg" = svydesign(id = ~1, fpc = ~p, data = e, pps = HR(), variance = "YG"),
  "--pps hr --pps-sum 0.123" = svydesign(id = ~1, fpc = ~p, data = e, pps = HR(.123)),
  "--pps hr --pps-sum 0.123 --pps-variance yg" = svydesign(id = ~1, fpc = ~p, data = e, pps = HR(.123), variance = "YG"),
  "--pps poisson" = svydesign(id = ~1, fpc = ~p, data = e, pps = poisson_sampling(e$p)))
d[[paste("--pps joint", joint)]] <- svydesign(id = ~1, fpc = ~p, data = e, pps = ppsmat(election_jointprob))
d[[paste("--pps joint --pps-variance yg", joint)]] <- svydesign(id = ~1, fpc = ~p, data = e, pps = ppsmat(election_jointprob), variance = "YG")
d[[paste("--pps joint --joint-tolerance 0 --pps-variance yg", joint)]] <- svydesign(id = ~1, fpc = ~p, data = e, pps = ppsmat(election_jointprob, 0), variance = "YG")
for (k in names(d)) all_of("election", paste(file, k), d[[k]], votes, c("Bush", "votes"), "big")

# ---- a model through every kind of variance ----
model <- function(case, command, f, d, df = degf(d) + 1 - 2) {
  m <- svyglm(f, d)
  for (k in 1:2) {
    key <- sprintf("term=%s", names(coef(m))[k])
    put(case, command, key, "estimate", coef(m)[k]); put(case, command, key, "se", SE(m)[k]); put(case, command, key, "df", df)
  }
}
for (k in names(d)) model("model", paste("regress 'Bush ~ votes'", file, k), Bush ~ votes, d[[k]])

# ---- strata, clusters, stages ----
file <- "--data tests/reference/data/unequal.csv.gz"
k <- "--pps brewer --strata h --clusters psu --fpc p"
all_of("brewer-clusters", paste(file, k), svydesign(id = ~psu, strata = ~h, fpc = ~p, data = u, pps = "brewer"), c("y", "x"), c("y", "x"), "g")
k <- "--pps brewer --strata h --clusters psu,row --fpc p,p2"
all_of("brewer-stages", paste(file, k), svydesign(id = ~psu + row, strata = ~h, fpc = ~p + p2, data = u, pps = "brewer"), c("y", "x"), c("y", "x"), "g")
k <- "--pps overton --strata s --clusters psu --fpc p"
whole <- function(what, d, v) for (stat in c("total", "mean")) {
  f <- if (stat == "total") svytotal else svymean
  m <- f(reformulate(v), d); put("clusters", paste(stat, v, what), "", "estimate", coef(m)); put("clusters", paste(stat, v, what), "", "se", unname(SE(m)))
}
whole(paste(file, k), svydesign(id = ~psu, strata = ~s, fpc = ~p, data = u, pps = "overton"), "x")
whole(paste(file, k, "--pps-variance yg"), svydesign(id = ~psu, strata = ~s, fpc = ~p, data = u, pps = "overton", variance = "YG"), "x")
file <- "--data tests/reference/data/unequal-units.csv.gz --strata s --fpc p"
for (v in c("HT", "YG")) {
  w <- paste("--pps-variance", tolower(v))
  all_of("units", paste(file, "--pps overton", w), svydesign(id = ~1, strata = ~s, fpc = ~p, data = one, pps = "overton", variance = v), c("x", "y"), c("size", "x"), "g")
  all_of("units", paste(file, "--pps hr", w), svydesign(id = ~1, strata = ~s, fpc = ~p, data = one, pps = HR(), variance = v), c("x", "y"), c("size", "x"), "g")
  all_of("units", paste(file, "--pps joint --joint tests/reference/data/unequal-joint.csv.gz", w),
         svydesign(id = ~1, strata = ~s, fpc = ~p, data = one, pps = ppsmat(pij), variance = v), c("x", "y"), c("size", "x"), "g")
}
# ---- the figures printed in the documents of the package: total of votes for Bush ----
printed <- c("--pps brewer" = 2447629, "--pps overton" = 2939608)
printed[paste("--pps joint --pps-variance yg", joint)] <- 2406526
printed[paste("--pps joint", joint)] <- 2604404
for (k in names(printed)) {
  command <- paste("total Bush --data tests/reference/data/election.csv.gz --fpc p", k)
  put("printed", command, "", "estimate", 64518472, "+0.5"); put("printed", command, "", "se", printed[k], "+0.5")
}
write_figures("pps.csv", "Of clusters the 4.1-1 reads subsets in the wrong order, so only whole samples are compared there.")
