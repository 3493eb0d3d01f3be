# The cases of bench_estimate.c in R's package 'survey', on data made the same way: one JSON line per case. "bytes" is the process's peak memory less what it
# was before the cases.
#
#   Rscript tests/bench/bench_estimate.R [ROWS]
#
# Left out above 100,000 rows, where R takes longer than a minute: 1,000 domains, 200 replicates of the logistic regression.
suppressMessages(library(survey))
n <- as.numeric(c(commandArgs(TRUE), 1000000)[1])
small <- n <= 100000
H <- 100L; J <- 20L; m <- as.integer(n / (H * J))
stopifnot(m * H * J == n)
set.seed(20240607)
psu <- rep(seq_len(H * J), each = m)
u <- rnorm(H * J, sd = .3)[psu]
d <- data.frame(str = rep(seq_len(H), each = m * J), psu = psu, w = rgamma(n, 4, 4) * 50 + 5, id = seq_len(n), n1 = 200, n2 = m * 40)
for (k in 1:5) d[[paste0("x", k)]] <- rnorm(n) + u * (k == 1)
d$y <- 100 + 10 * u + 5 * d$x1 + rnorm(n, sd = 20)
d$sex <- factor(sample(2, n, TRUE)); d$age <- factor(sample(7, n, TRUE)); d$reg <- factor(sample(12, n, TRUE))
d$z <- as.integer(runif(n) < plogis(-.5 + .4 * d$x1 - .2 * d$x2 + .1 * d$x3 + .3 * (d$sex == 2) + u))
d$cat4 <- factor(sample(4, n, TRUE)); d$cat5 <- factor(pmin(5, pmax(1, round(3 + .5 * u + rnorm(n)))))
d$reg1 <- as.integer(d$reg == "1"); d$reg2 <- as.integer(d$reg == "2")
d$dom <- factor(sample(30, n, TRUE)); d$small <- factor(sample(1000, n, TRUE))

kilobytes <- function(what) as.numeric(gsub("[^0-9]", "", grep(what, readLines("/proc/self/status"), value = TRUE)))
before <- kilobytes("^VmRSS")
time <- function(name, expr, times = if (small) 3 else 1) {
  e <- substitute(expr)
  invisible(gc())
  t <- min(replicate(times, system.time(eval(e, globalenv()))[["elapsed"]]))
  cat(sprintf('{"name": "%s", "rows": %.0f, "ns": %.0f, "bytes": %.0f, "with": "R survey %s"}\n', name, n, t * 1e9,
              1024 * (kilobytes("^VmHWM") - before), packageVersion("survey")))
}
model <- z ~ x1 + x2 + x3 + x4 + x5 + sex + reg1 + reg2

time("mean:design", des <- svydesign(id = ~psu, strata = ~str, weights = ~w, data = d))
time("mean", svymean(~y, des))
time("total", svytotal(~y, des))
time("mean_by_30", svyby(~y, ~dom, des, svymean))
time("mean_by_30_covariance", svyby(~y, ~dom, des, svymean, covmat = TRUE))
if (small) time("mean_by_1000", svyby(~y, ~small, des, svymean), 1)
time("share_of_30_levels", svymean(~dom, des))
time("five_quantiles", svyquantile(~y, des, c(.1, .25, .5, .75, .9)))
time("table_with_tests", { svytable(~cat4 + cat5, des); svychisq(~cat4 + cat5, des); svychisq(~cat4 + cat5, des, "Chisq"); svychisq(~cat4 + cat5, des, "Wald") })
time("logistic_8", svyglm(model, des, family = quasibinomial()), 1)
N <- sum(d$w)
margin <- function(v, p) setNames(data.frame(levels(d[[v]]), N * p / sum(p)), c(v, "Freq"))
margins <- list(sex = margin("sex", c(51, 49)), age = margin("age", c(12, 14, 16, 18, 16, 13, 11)), reg = margin("reg", c(5, 6, 7, 8, 9, 10, 11, 9, 8, 9, 9, 9)))
totals <- c(`(Intercept)` = N, sex2 = margins$sex$Freq[2], setNames(margins$age$Freq[-1], paste0("age", 2:7)), setNames(margins$reg$Freq[-1], paste0("reg", 2:12)))
time("rake_3_margins", rake(des, list(~sex, ~age, ~reg), margins), 1)
time("calibrate_linear", calibrate(des, ~sex + age + reg, totals, calfun = "linear"), 1)
if (small) time("made_200_mean:design", as.svrepdesign(des, type = "subbootstrap", replicates = 200), 1)      # minutes at a million rows
factor <- matrix(rexp(H * J * 200), H * J)         # as replicates of 2,000 PSUs are kept there: by PSU, with an index by row
made <- svrepdesign(weights = ~w, repweights = structure(list(weights = factor, index = psu), class = "repweights_compressed"), data = d, type = "other",
                    scale = 1 / 200, rscales = rep(1, 200), combined.weights = FALSE)
time("made_200_mean", svymean(~y, made), 1)
if (small) time("made_200_logistic_8", svyglm(model, made, family = quasibinomial()), 1)
rm(made)
given <- d$w * factor[psu, 1:80]
time("given_80_mean:design", rep80 <- svrepdesign(weights = ~w, repweights = given, data = d[, c("w", "y")], type = "other", scale = 1 / 80,
                                                   rscales = rep(1, 80), combined.weights = TRUE), 1)
time("given_80_mean", svymean(~y, rep80), 1)
rm(rep80, given, des)
time("element_mean:design", des <- svydesign(id = ~1, strata = ~str, weights = ~w, data = d))
time("element_mean", svymean(~y, des))
time("element_mean_by_30", svyby(~y, ~dom, des, svymean))
rm(des)
if (small && packageVersion("survey") >= "4.3") {
  time("two_stage_mean:design", des <- svydesign(id = ~psu + id, strata = ~str, weights = ~w, fpc = ~n1 + n2, data = d), 1)
  time("two_stage_mean", svymean(~y, des), 1)
}
