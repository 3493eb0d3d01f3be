# Reference figures for quantiles (every rule and interval) and for the distribution function.
#
#   cd tests/reference && Rscript quantiles.R
#
# writes quantiles.csv and data/ties.csv.gz, data/equal.csv.gz, data/apiclus1-jk1.csv.gz.
source("figures.R")
options(warn = -1, survey.lonely.psu = "fail")

# survey 4.1-1 reads "the share ends exactly at this row" as equality; since 4.2 it is "at most": without it rounding, and shares below that of the first row,
# go one value too far. This puts the later rule into the earlier package.
used <- function(x, w) { k <- w != 0; list(x = x[k], w = w[k]) }
later_step <- function(middle) function(x, w, p) {
  u <- used(x, w)
  q <- survey:::qs(u$x, u$w, p)
  if (q$wlow > 0) q$qup else if (middle) (q$qlow + q$qup) / 2 else q$qlow
}
later_hf3 <- function(x, w, p) {
  u <- used(x, w)
  q <- survey:::qs(sort(unique(u$x)), rowsum(u$w, u$x), p)
  if (q$wlow <= 0 && q$ilow %% 2 == 0) q$qlow else q$qup
}
for (n in c("math", "hf1")) assignInNamespace(paste0("qrule_", n), later_step(FALSE), "survey")
for (n in c("school", "hf2")) assignInNamespace(paste0("qrule_", n), later_step(TRUE), "survey")
assignInNamespace("qrule_hf3", later_hf3, "survey")

RULES <- c("math", "school", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9", "shahvaish-r")
r_name <- function(rule) sub("-r$", "", rule)
METHODS <- c("mean", "beta", "xlogit", "asin")

quantile_rows <- function(d, x, probs, rule, ci, level, df) {
  keep <- !is.na(x)
  s <- d[keep, ]
  x <- x[keep]
  f <- get(paste0("qrule_", r_name(rule)), envir = asNamespace("survey"))
  if (is.null(df)) df <- degf(s)
  t <- if (is.finite(df)) qt(1 - (1 - level) / 2, df) else qnorm(1 - (1 - level) / 2)
  w <- weights(s, "sampling")
  do.call(rbind, lapply(probs, function(p) {
    q <- f(x, w, p)
    lim <- if (ci == "quantile") survey:::repCI(x, q, p, s, f, 1 - level, df, FALSE) else survey:::woodruffCI(x, q, p, s, f, 1 - level, df, method = ci)
    data.frame(prob = p, estimate = q, lower = lim[1], upper = lim[2], se = unname(diff(lim)) / (2 * t), df = degf(s), n = sum(w != 0))
  }))
}
quantiles <- function(case, command, d, var, by = NULL, where = NULL, probs = c(.25, .5, .75), rule = "math", ci = "mean", level = .95, df = NULL) {
  command <- paste("quantile", var, command, "--probs", paste(probs, collapse = ","))
  if (rule != "math") command <- paste(command, "--qrule", rule)
  if (ci != "mean") command <- paste(command, "--ci", ci)
  if (level != .95) command <- paste(command, "--level", level)
  if (!is.null(df)) command <- paste(command, "--df normal")
  if (!is.null(by)) command <- paste(command, "--by", paste(by, collapse = ","))
  for (g in domains(d, by, where)) {
    s <- d[g$rows, ]
    if (sum(!is.na(s$variables[[var]]) & weights(s, "sampling") != 0) < 2) next
    r <- tryCatch(quantile_rows(s, s$variables[[var]], probs, rule, ci, level, df), error = function(e) NULL)
    for (i in seq_len(NROW(r))) {
      key <- paste(c(paste0("prob=", r$prob[i]), if (!is.null(by)) paste0(by, "=", strsplit(g$key, "|", fixed = TRUE)[[1]])), collapse = ";")
      put(case, command, key, "estimate", r$estimate[i])
      put(case, command, key, "ci_lower", r$lower[i])
      put(case, command, key, "ci_upper", r$upper[i])
      put(case, command, key, "se", r$se[i])
      put(case, command, key, "df", r$df[i])
      put(case, command, key, "n", r$n[i])
    }
  }
}
# svymean of x <= v, and the intervals of svyciprop for it (logit is compared with xlogit, to which it converges).
cdf <- function(case, command, d, var, at, by = NULL) {
  command <- paste("cdf", var, command, "--at", paste(at, collapse = ","))
  if (!is.null(by)) command <- paste(command, "--by", paste(by, collapse = ","))
  for (g in domains(d, by, NULL)) for (v in at) {
    s <- d[g$rows, ]
    s$variables$below <- s$variables[[var]] <= v
    key <- paste(c(paste0("level=", v), if (!is.null(by)) paste0(by, "=", strsplit(g$key, "|", fixed = TRUE)[[1]])), collapse = ";")
    m <- svymean(~I(1 * below), s, na.rm = TRUE)
    put(case, command, key, "estimate", coef(m)[1])
    put(case, command, key, "se", SE(m)[1])
    for (method in METHODS) {
      ci <- attr(svyciprop(~below, s, method = method, na.rm = TRUE), "ci")
      c2 <- if (method == "xlogit") command else paste(command, "--ci", method)
      put(case, c2, key, "ci_lower", ci[1])
      put(case, c2, key, "ci_upper", ci[2])
    }
  }
}

# ---- California schools ----
data(api)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
strat_o <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
for (rule in RULES) quantiles("apistrat", strat_o, strat, "api00", rule = rule, probs = c(.1, .25, .5, .75, .9))
for (ci in METHODS) quantiles("apistrat", strat_o, strat, "api00", ci = ci, by = "stype")
for (ci in METHODS) quantiles("apistrat", strat_o, strat, "enroll", ci = ci, rule = "hf7", level = .9, where = quote(rep(TRUE, 200)))
quantiles("apistrat", strat_o, strat, "api00", by = c("stype", "awards"), rule = "school")
quantiles("apistrat", strat_o, strat, "api00", df = Inf)
quantiles("apistrat", strat_o, strat, "acs.46", rule = "hf5", by = "awards")
quantiles("apistrat", paste(strat_o, "--where 'api99 > 600'"), strat, "api00", where = quote(api99 > 600), probs = c(0, .01, .5, .99, 1))
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
clus1_o <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
for (rule in RULES) quantiles("apiclus1", clus1_o, clus1, "api00", rule = rule, ci = "xlogit", probs = c(.2, .5, .8))
quantiles("apiclus1", clus1_o, clus1, "enroll", by = "stype", ci = "beta")
quantiles("apiclus1", clus1_o, clus1, "acs.k3", ci = "asin", level = .99)
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)
clus2_o <- "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2"
for (rule in c("math", "hf3", "hf6", "hf9")) quantiles("apiclus2", clus2_o, clus2, "enroll", rule = rule, by = "stype")
quantiles("apiclus2", clus2_o, clus2, "api00", ci = "beta", probs = c(.05, .35, .65, .95))
cdf("apistrat", strat_o, strat, "api00", c(500, 668, 750))
cdf("apistrat", strat_o, strat, "api00", 600, by = "stype")
cdf("apiclus2", clus2_o, clus2, "enroll", c(300, 600))

# R's score interval, with the steps of its uniroot().
score <- function(o, d, v) for (p in c(.25, .4, .5, .6, .75)) {
  r <- tryCatch(svyquantile(as.formula(paste("~", v)), d, p, interval.type = "score")[[1]], error = function(e) NULL)
  if (is.null(r)) next
  command <- paste("quantile", v, o, "--ci score-r --probs", p)
  put("score", command, "", "ci_lower", r[2])
  put("score", command, "", "ci_upper", r[3])
  put("score", command, "", "se", r[4])
}
for (v in c("api00", "enroll", "meals", "ell")) {
  score(strat_o, strat, v)
  score(clus1_o, clus1, v)
  if (v != "enroll") score(clus2_o, clus2, v)
}

# ---- nhanes: missing values, ties by the thousand ----
nh <- read.csv(gzfile("data/nhanes.csv.gz"), na.strings = "", stringsAsFactors = TRUE)
nh$key <- (seq_len(nrow(nh)) * 7919) %% 1009 / 8
nh <- nh[, c("SDMVPSU", "SDMVSTRA", "WTMEC2YR", "HI_CHOL", "race", "RIAGENDR", "key")]
write.csv(nh, gzfile("data/ties.csv.gz"), row.names = FALSE, na = "")
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
o <- "--data tests/reference/data/ties.csv.gz --weights WTMEC2YR --clusters SDMVPSU --strata SDMVSTRA --nest"
for (rule in RULES) quantiles("nhanes", o, d, "key", rule = rule, by = "race")
for (ci in METHODS) quantiles("nhanes", o, d, "HI_CHOL", ci = ci, by = "RIAGENDR", probs = c(.5, .85, .9, .95))
cdf("nhanes", o, d, "key", c(10, 60.5, 100), by = "race")

# ---- equal weights, where shares end exactly at rows; zero weights ----
set.seed(4)
ties <- data.frame(x = c(rep(1:10, each = 4), 3, 3, 50), w = c(rep(2.5, 40), 0, 0, 0), h = rep(c("a", "b"), length.out = 43), g = rep(c("u", "v", "u"), length.out = 43))
write.csv(ties, gzfile("data/equal.csv.gz"), row.names = FALSE)
d <- svydesign(id = ~1, strata = ~h, weights = ~w, data = ties)
o <- "--data tests/reference/data/equal.csv.gz --weights w --strata h"
for (rule in RULES) quantiles("equal", o, d, "x", rule = rule, probs = c(.05, .1, .2, .3, .5, .7, .9))
for (rule in RULES) quantiles("equal", o, d, "x", rule = rule, by = "g")
cdf("equal", o, d, "x", c(1, 5), by = "g")

# ---- random designs of several stages, with weights of 0, missing values and lonely PSUs ----
lonely <- c("fail", "remove", "certainty", "average", "adjust")
for (i in c(1, 2, 5, 6, 8, 11)) {
  stages <- c(1, 2, 3, 4, 2)[(i - 1) %% 5 + 1]
  option <- lonely[(i - 1) %/% 3 + 1]
  kind <- c("none", "sizes", "fractions")[(i - 1) %% 3 + 1]
  file <- sprintf("data/designs-%02d.csv.gz", i)
  v <- read.csv(gzfile(file, encoding = "UTF-8"), na.strings = "", check.names = FALSE, stringsAsFactors = TRUE)
  ids <- c("psu", if (stages > 1) paste0("c", 2:stages))
  strata <- c("h", if (stages > 1 && i %% 2 == 0) "g")
  fpc <- paste0("n", seq_len(stages))
  formula_of <- function(x) as.formula(paste("~", paste(x, collapse = "+")))
  weighted <- kind == "none" || i %% 2 == 1
  if (option == "adjust") next                   # its centre differs between the versions
  options(survey.lonely.psu = option)
  d <- svydesign(id = formula_of(ids), strata = formula_of(strata), weights = if (weighted) ~w, fpc = if (kind != "none") formula_of(fpc), nest = i %% 3 == 0, data = v)
  o <- paste("--data", paste0("tests/reference/", file), "--clusters", paste(ids, collapse = ","), "--strata", paste(strata, collapse = ","))
  if (weighted) o <- paste(o, "--weights w")
  if (kind != "none") o <- paste(o, "--fpc", paste(fpc, collapse = ","))
  if (i %% 3 == 0) o <- paste(o, "--nest")
  if (option != "fail") o <- paste(o, "--lonely-psu", option)
  for (rule in c("math", "hf4", "hf7")) quantiles(sprintf("random_%02d", i), o, d, "y", rule = rule)
  quantiles(sprintf("random_%02d", i), o, d, "x", by = "group", ci = "beta")
}
options(survey.lonely.psu = "fail")

# ---- replicate weights: the replicates' standard error of the share, or of the quantile ----

clusjk <- as.svrepdesign(clus1, type = "JK1", compress = FALSE)
cw <- round(unclass(as.matrix(weights(clusjk, "analysis"))), 6)
colnames(cw) <- sprintf("jk%02d", seq_len(ncol(cw)))
rclus <- cbind(apiclus1[, c("stype", "api00", "api99", "enroll", "acs.k3", "meals", "awards", "pw")], as.data.frame(cw))
write.csv(rclus, gzfile("data/apiclus1-jk1.csv.gz"), row.names = FALSE, na = "")
d <- svrepdesign(data = rclus, type = "JK1", repweights = cw, weights = ~pw, scale = 14 / 15, combined.weights = TRUE)
o <- paste("--data tests/reference/data/apiclus1-jk1.csv.gz --weights pw --replicates 'jk*' --scale", num(14 / 15))
for (ci in c(METHODS, "quantile")) quantiles("apiclus1_jk1", o, d, "api00", ci = ci, by = "stype")
for (rule in c("math", "hf4", "hf7", "hf9")) quantiles("apiclus1_jk1", o, d, "enroll", ci = "quantile", rule = rule)
quantiles("apiclus1_jk1", o, d, "acs.k3", rule = "hf5")

write_figures("quantiles.csv", "Rules with the comparison of 4.2 and later.")
