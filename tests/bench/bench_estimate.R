# The calls of bench_estimate.c in R's package 'survey', on data made the same way: one JSON line per case.
#
#   Rscript tests/bench/bench_estimate.R [ROWS]
#
# Cases that take R longer than a minute (1,000 domains with covariances; two stages in survey before 4.3) are left out at 1,000,000 rows.
suppressMessages(library(survey))
n <- as.numeric(c(commandArgs(TRUE), 1000000)[1])
H <- 100L; J <- 20L; m <- as.integer(n / (H * J))
stopifnot(m * H * J == n)
set.seed(20240607)
psu <- rep(seq_len(H * J), each = m)
u <- rnorm(H * J, sd = .3)[psu]
d <- data.frame(str = rep(seq_len(H), each = m * J), psu = psu, w = rgamma(n, 4, 4) * 50 + 5, id = seq_len(n), n1 = 200, n2 = m * 40)
d$y <- 100 + 10 * u + 5 * rnorm(n) + rnorm(n, sd = 20)
d$dom <- factor(sample(30, n, TRUE))
d$small <- factor(sample(1000, n, TRUE))
peak <- function() {
  l <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", l)) * 1024
}
time <- function(name, expr) {
  e <- substitute(expr)
  t <- min(replicate(3, system.time(eval(e, parent.frame()))[["elapsed"]]))
  cat(sprintf('{"name": "%s", "rows": %.0f, "ns": %.0f, "bytes": %.0f, "with": "R survey %s"}\n', name, n, t * 1e9, peak(), packageVersion("survey")))
}
clusters <- function() svydesign(id = ~psu, strata = ~str, weights = ~w, data = d)
time("mean:design", clusters())
des <- clusters()
time("mean", svymean(~y, des))
time("mean_by_30_covariance", svyby(~y, ~dom, des, svymean, covmat = TRUE))
time("share_of_30_levels", svymean(~dom, des))
if (n <= 100000) time("mean_by_1000", svyby(~y, ~small, des, svymean))
rm(des)
rows <- function() svydesign(id = ~1, strata = ~str, weights = ~w, data = d)
time("element_mean:design", rows())
des <- rows()
time("element_mean", svymean(~y, des))
time("element_mean_by_30", svyby(~y, ~dom, des, svymean))
rm(des)
if (n <= 100000 && packageVersion("survey") >= "4.3") {
  two <- function() svydesign(id = ~psu + id, strata = ~str, weights = ~w, fpc = ~n1 + n2, data = d)
  time("two_stage_mean:design", two())
  des <- two()
  time("two_stage_mean", svymean(~y, des))
}
