# Write the synthetic survey that reading CSV is timed on: 19 columns, by default 1,000,000 rows, about 170 MB.
#
#     Rscript tests/bench/make_csv.R FILE [ROWS]          ROWS: a multiple of 2000
#
# 100 strata with 20 PSUs in each; weights, categories, PSU effects, real numbers with 15 significant digits. Needs data.table.

args <- commandArgs(TRUE)
n <- if (length(args) > 1) as.numeric(args[2]) else 1e6
strata <- 100L
psus <- 20L
per_psu <- n / (strata * psus)
stopifnot(per_psu == floor(per_psu))
set.seed(20240607)
psu <- rep(seq_len(strata * psus), each = per_psu)
effect <- rnorm(strata * psus, sd = .3)[psu]
d <- data.frame(id = seq_len(n), str = rep(seq_len(strata), each = per_psu * psus), psu = psu, w = rgamma(n, 4, 4) * 50 + 5,
                sex = sample(1:2, n, TRUE), age = sample(1:7, n, TRUE), reg = sample(1:12, n, TRUE), dom = sample(1:30, n, TRUE))
for (k in 1:5) d[[paste0("x", k)]] <- rnorm(n) + effect * (k == 1)
d$y <- 100 + 10 * effect + 5 * d$x1 + rnorm(n, sd = 20)
d$z <- as.integer(runif(n) < plogis(-.5 + .4 * d$x1 - .2 * d$x2 + .1 * d$x3 + .3 * (d$sex == 2) + effect))
d$cat4 <- sample(1:4, n, TRUE)
d$cat5 <- pmin(5, pmax(1, round(3 + .5 * effect + rnorm(n))))
d$income <- round(exp(rnorm(n, 7, .8)), 2)
d$hours <- ifelse(runif(n) < .1, NA, sample(0:60, n, TRUE))
data.table::fwrite(d, args[1], na = "")
