# Reference figures for contrasts, multiple response and standardised estimates.
#
#   cd tests/reference && Rscript contrasts.R
#
# writes contrasts.csv, data/answers.csv.gz and data/standard-*.csv; uses data/apiclus1-jk1.csv.gz and data/ties.csv.gz, which quantiles.R writes.
source("figures.R")
options(warn = -1)

# `stat` has coefficients named as `from` wants them; expressions are R's, written for our command by `names_`: R name -> ours.
contrast <- function(case, options_, d, stat, labels, expressions, level = .95, design.df = FALSE, where = NULL) {
  names(stat$est) <- labels
  v <- stat$var
  dimnames(v) <- list(labels, labels)
  s <- structure(stat$est, var = v, statistic = "any")
  class(s) <- "svystat"
  whole <- if (is.null(where)) d else d[eval(where, d$variables), ]
  df <- degf(whole)
  q <- if (design.df) qt(1 - (1 - level) / 2, df) else qnorm(1 - (1 - level) / 2)
  command <- paste("contrast", paste(shQuote(expressions), collapse = " "), options_)
  if (level != .95) command <- paste(command, "--level", level)
  if (design.df) command <- paste(command, "--df design")
  r <- svycontrast(s, lapply(expressions, function(e) parse(text = e)[[1]]))
  est <- as.vector(coef(r))
  var <- as.matrix(vcov(r))
  for (i in seq_along(expressions)) {
    key <- paste0("variable=", expressions[i])
    se <- sqrt(var[i, i])
    put(case, command, key, "estimate", est[i])
    put(case, command, key, "se", se)
    put(case, command, key, "ci_lower", est[i] - q * se)
    put(case, command, key, "ci_upper", est[i] + q * se)
    put(case, command, key, "df", df)
  }
  se <- sqrt(diag(var))
  f <- drop((est / se) %*% solve(var / outer(se, se), est / se)) / length(est)
  if (level == .95 && !design.df) {
    put(case, paste(command, "--test"), "test=wald", "statistic", f, 1e-9)
    put(case, paste(command, "--test"), "test=wald", "ndf", length(est))
    put(case, paste(command, "--test"), "test=wald", "ddf", df)
    put(case, paste(command, "--test"), "test=wald", "p_value", pf(f, length(est), df, lower.tail = FALSE), 1e-8)
  }
}
from_by <- function(f, by, d, fun, ...) {
  b <- svyby(f, by, d, fun, covmat = TRUE, na.rm = TRUE, ...)
  list(est = coef(b), var = as.matrix(vcov(b)))
}
from <- function(m) list(est = as.vector(coef(m)), var = as.matrix(vcov(m)))

data(api)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
o <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
levels3 <- c("E", "H", "M")
api_by <- from_by(~api00, ~stype, strat, svymean)
contrast("apistrat", paste(o, "--variables api00 --by stype"), strat, api_by, levels3, c("E - M", "E / H"))
contrast("apistrat", paste(o, "--variables api00 --by stype"), strat, api_by, levels3, c("log(E/H)", "sqrt(E*M)", "(E+H+M)/3"), design.df = TRUE, level = .9)
contrast("apistrat", paste(o, "--variables api00 --by stype"), strat, api_by, levels3, c("2*E-H^1.01", "exp((E-M)/100)"))
contrast("apistrat", paste(o, "--of total --variables enroll --by stype"), strat, from_by(~enroll, ~stype, strat, svytotal), levels3, c("E - H - M", "E/(E+H+M)"))
contrast("apistrat", paste(o, "--of ratio --variables api.stu/enroll --by stype"), strat,
         { b <- svyby(~api.stu, ~stype, denominator = ~enroll, strat, svyratio, covmat = TRUE); list(est = coef(b), var = as.matrix(vcov(b))) }, levels3, c("E-H", "M/E"))
contrast("apistrat", paste(o, "--variables api00,api99"), strat, from(svymean(~api00 + api99, strat)), c("api00", "api99"), c("api00 - api99", "api00/api99"))
contrast("apistrat", paste(o, "--of total --variables api00,api99,enroll"), strat, from(svytotal(~api00 + api99 + enroll, strat)), c("api00", "api99", "enroll"),
         c("api00/api99", "log(enroll)"))
contrast("apistrat", paste(o, "--where 'api99 > 600' --variables api00 --by awards"), strat,
         { s <- subset(strat, api99 > 600); from_by(~api00, ~awards, s, svymean) }, c("No", "Yes"), "Yes - No", where = quote(api99 > 600))
contrast("apistrat", paste(o, "--of variance --variables api00,api99"), strat,
         { v <- svyvar(~api00 + api99, strat); list(est = as.vector(v)[c(1, 4, 2)], var = attr(v, "var")[c(1, 4, 2), c(1, 4, 2)]) },
         c("api00", "api99", "api00:api99"), "api00/api99")
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
oc <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
contrast("apiclus1", paste(oc, "--variables api00 --by stype"), clus1, from_by(~api00, ~stype, clus1, svymean), levels3, c("E - M", "E - H"))
contrast("apiclus1", paste(oc, "--of proportion --variables stype"), clus1, from(svymean(~stype, clus1)), levels3, c("log(E/(1-E))", "E-2*M"))
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)
contrast("apiclus2", "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2 --variables api00 --by stype", clus2,
         from_by(~api00, ~stype, clus2, svymean), levels3, c("E/M", "E - H"))
nh <- read.csv(gzfile("data/ties.csv.gz"), na.strings = "", stringsAsFactors = TRUE)
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
on <- "--data tests/reference/data/ties.csv.gz --weights WTMEC2YR --clusters SDMVPSU --strata SDMVSTRA --nest"
contrast("nhanes", paste(on, "--variables HI_CHOL --by race"), d, from_by(~HI_CHOL, ~race, d[!is.na(nh$HI_CHOL), ], svymean), levels(nh$race), c("white - black", "Hispanic / other"))
rclus <- read.csv(gzfile("data/apiclus1-jk1.csv.gz"), stringsAsFactors = TRUE)
cw <- as.matrix(rclus[grep("^jk", names(rclus))])
rep <- svrepdesign(data = rclus, type = "JK1", repweights = cw, weights = ~pw, scale = 14 / 15, combined.weights = TRUE)
or <- paste("--data tests/reference/data/apiclus1-jk1.csv.gz --weights pw --replicates 'jk*' --scale", num(14 / 15))
contrast("apiclus1_jk1", paste(or, "--variables api00 --by stype"), rep, from_by(~api00, ~stype, rep, svymean), levels3, c("E - M", "E / H"))
contrast("apiclus1_jk1", paste(or, "--of total --variables enroll,api00"), rep, from(svytotal(~enroll + api00, rep)), c("enroll", "api00"), "enroll/api00")

# ---- multiple response: ratios of indicators ----
answers <- apiclus2[, c("dnum", "snum", "fpc1", "fpc2", "stype")]
set.seed(11)
for (k in c("bus", "car", "foot")) answers[[k]] <- rbinom(nrow(answers), 1, c(.3, .5, .2)[match(k, c("bus", "car", "foot"))])
answers$bus[c(3, 17)] <- NA
answers$set <- apply(answers[c("bus", "car", "foot")], 1, function(r) paste(names(r)[r == 1 & !is.na(r)], collapse = ";"))
answers$set[answers$set == ""] <- " "
write.csv(answers, gzfile("data/answers.csv.gz"), row.names = FALSE, na = "")
answers[c("bus", "car", "foot")][is.na(answers$bus), ] <- NA
multiple <- function(d, command, keys, by = NULL, base = "answered") {
  for (g in domains(d, by, NULL)) {
    s <- d[g$rows, ]
    s <- s[complete.cases(s$variables[names(keys)]), ]
    x <- s$variables[names(keys)]
    s$variables$any <- if (base == "all") 1 else as.numeric(rowSums(x) > 0)
    s$variables$count <- rowSums(x)
    for (k in names(keys)) {
      key <- paste(c(keys[[k]], if (!is.null(by)) paste0(by, "=", g$key)), collapse = ";")
      for (what in c("cases", "answers", "count")) {
        m <- if (what == "count") svytotal(as.formula(paste("~", k)), s)
             else svyratio(as.formula(paste("~", k)), if (what == "cases") ~any else ~count, s)
        est <- as.vector(coef(m)); se <- as.vector(SE(m))
        at <- paste0("statistic=", what, ";", key)
        put("multiple", command, at, "estimate", est)
        put("multiple", command, at, "se", se)
        put("multiple", command, at, "ci_lower", est - qnorm(.975) * se)
        put("multiple", command, at, "n", sum(s$variables$any))
      }
    }
  }
}
d <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = answers)
oa <- "--data tests/reference/data/answers.csv.gz --clusters dnum,snum --fpc fpc1,fpc2"
columns <- list(bus = "variable=bus", car = "variable=car", foot = "variable=foot")
multiple(d, paste("multiple bus car foot", oa), columns)
multiple(d, paste("multiple bus car foot --base all", oa), columns, base = "all")
multiple(d, paste("multiple bus car foot --by stype", oa), columns, by = "stype")
full <- transform(answers, bus = grepl("bus", set) + 0, car = grepl("car", set) + 0, foot = grepl("foot", set) + 0)
d <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = full)
sets <- list(bus = "level=bus", car = "level=car", foot = "level=foot")
multiple(d, paste("multiple set --separator ';'", oa), sets)

# ---- standardised means and proportions ----
standardised <- function(case, options_, d, vars, by, standard, over = NULL, file) {
  s <- d[complete.cases(d$variables[c(vars, by)]), ]
  std <- svystandardize(s, by = as.formula(paste("~", paste(by, collapse = "+"))), over = if (is.null(over)) ~1 else as.formula(paste("~", over)),
                        population = standard)
  command <- paste("mean", paste(vars, collapse = " "), options_, "--standardize", paste(by, collapse = ","), "--standard", file)
  if (!is.null(over)) command <- paste(command, "--by", over)
  for (g in domains(d, over, NULL)) {
    m <- svymean(as.formula(paste("~", paste(vars, collapse = "+"))), if (is.null(over)) std else std[as.character(std$variables[[over]]) == g$key, ])
    at <- 0
    for (v in vars) for (l in if (is.factor(d$variables[[v]])) levels(d$variables[[v]]) else "") {
      at <- at + 1
      key <- paste(c(paste0("variable=", v, ";level=", l), if (!is.null(over)) paste0(over, "=", g$key)), collapse = ";")
      put(case, command, key, "estimate", coef(m)[at])
      put(case, command, key, "se", SE(m)[at], if (SE(m)[at] < 1e-12) "+1e-12" else 1e-10)
    }
  }
}
tables <- data.frame(stype = levels3, n = c(50, 20, 30))
write.csv(tables, "data/standard-stype.csv", row.names = FALSE, quote = FALSE)
standardised("standard_apiclus1", oc, clus1, c("api00", "awards"), "stype", tables$n, file = "tests/reference/data/standard-stype.csv")
standardised("standard_apiclus1", oc, clus1, c("api00", "awards"), "stype", tables$n, over = "both", file = "tests/reference/data/standard-stype.csv")
standardised("standard_apiclus2", "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2", clus2, "enroll", "stype", tables$n, over = "awards",
             file = "tests/reference/data/standard-stype.csv")
standardised("standard_jk1", or, rep, c("api00", "meals"), "stype", tables$n, over = "awards", file = "tests/reference/data/standard-stype.csv")
two <- expand.grid(race = levels(nh$race), RIAGENDR = 1:2)
two$share <- (8:1) / 36
write.csv(two, "data/standard-race-sex.csv", row.names = FALSE, quote = FALSE)
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
standardised("standard_nhanes", on, d, "HI_CHOL", c("race", "RIAGENDR"), two$share, file = "tests/reference/data/standard-race-sex.csv")
s <- d[!is.na(nh$HI_CHOL), ]
std <- svystandardize(s, by = ~race + RIAGENDR, population = two$share)
command <- paste("proportion HI_CHOL", on, "--standardize race,RIAGENDR --standard tests/reference/data/standard-race-sex.csv")
for (method in c("mean", "xlogit", "asin")) {
  ci <- attr(svyciprop(~HI_CHOL, std, method = method), "ci")
  put("standard_nhanes", paste(command, "--ci", method), "level=1", "ci_lower", ci[1])
  put("standard_nhanes", paste(command, "--ci", method), "level=1", "ci_upper", ci[2])
}
write_figures("contrasts.csv", "Wald tests from the covariances of svycontrast.")
