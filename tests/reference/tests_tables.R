# Reference figures for tests of tables: svychisq in its six kinds over stratified, clustered, two-stage, calibrated and replicate designs, subpopulations,
# domains, missing values and empty cells; svygofchisq; shares by row, column and whole; odds ratios, risk ratios and risk differences by svycontrast.
#
#   cd tests/reference && Rscript tests_tables.R
#
# writes tests_tables.csv.
source("figures.R")
Sys.setlocale("LC_COLLATE", "C")
options(warn = -1)

# P(sum lambda chi^2_1 / (chi^2_ddf / ddf) > x): the characteristic function inverted along a curve through the saddlepoint of the integrand, by the
# trapezoidal rule in sinh(u), which converges exponentially. svychisq's "lincom" needs CompQuadForm and falls back to the saddlepoint without it.
inverted <- function(x, lambda, ddf) {
  lambda <- lambda[lambda > 1e-12 * max(lambda)]
  finite <- is.finite(ddf)
  K <- function(s) -colSums(log(1 - 2 * outer(lambda, s))) / 2 - (if (finite) ddf / 2 * log(1 + 2 * x * s / ddf) else s * x)
  slope <- function(s) sum(lambda / (1 - 2 * lambda * s)) - (if (finite) x / (1 + 2 * x * s / ddf) else x) - 1 / s
  top <- 1 / (2 * max(lambda))
  c0 <- uniroot(slope, top * c(1e-9, 1 - 1e-9), tol = 1e-14)$root
  bend <- if (finite) 0 else 1            # to the right, where exp(-s x) vanishes
  g <- min(c0, top - c0)                  # how far the next singularity is
  h <- 1 / 256
  u <- seq(0, 60, by = h)
  s <- c0 + g * (bend * (cosh(u) - 1) + 1i * sinh(u))
  f <- Im(exp(K(s) - K(c0 + 0i)) / s * g * (bend * sinh(u) + 1i * cosh(u)))
  f[!is.finite(f)] <- 0
  Re(exp(K(c0 + 0i))) * h * (sum(f) - f[1] / 2) / pi
}
stopifnot(abs(inverted(9, rep(1.3, 4), Inf) / pchisq(9 / 1.3, 4, lower.tail = FALSE) - 1) < 1e-12,
          abs(inverted(9, rep(1.3, 4), 17.3) / pf(9 / 5.2, 4, 17.3, lower.tail = FALSE) - 1) < 1e-12,
          abs(inverted(60, c(3, 3, 1, 1), Inf) / (1.5 * exp(-10) - .5 * exp(-30)) - 1) < 1e-12)

# survey's saddlepoint with the root of its equation found to the last digit (uniroot stops there at 1e-8).
saddled <- function(x, lambda, ddf) {
  a <- if (is.finite(ddf)) c(lambda, rep(-x / ddf, floor(ddf * (1 + 1e-12)))) else lambda
  a <- a / max(lambda)
  goal <- if (is.finite(ddf)) 0 else x / max(lambda)
  k1 <- function(z) sum(a / (1 - 2 * z * a)) - goal
  low <- if (is.finite(ddf)) .99999 / (2 * min(a)) else if (goal > sum(a)) -.01 else -length(a) / (2 * goal)
  z <- uniroot(k1, c(low, .499995), tol = 1e-16, maxiter = 10000)$root
  for (i in 1:5) z <- z - k1(z) / sum(2 * a^2 / (1 - 2 * z * a)^2)
  d0 <- sum(lambda)^2 / sum(lambda^2)
  if (abs(z) < 1e-4) return(pf(x / sum(lambda), d0, ddf, lower.tail = FALSE))
  u <- 2 * z * a / (1 - 2 * z * a)
  gap <- ifelse(abs(u) < .01, u^2 * (1 / 2 - u * (1 / 3 - u * (1 / 4 - u * (1 / 5 - u * (1 / 6 - u / 7))))), u - log1p(u))     # z goal - K(z), term by term
  w <- sign(z) * sqrt(if (sum(gap) < 2) sum(gap) else 2 * (z * goal + sum(log(1 - 2 * z * a)) / 2))      # far out the other form is stationary in z
  v <- z * sqrt(sum(2 * a^2 / (1 - 2 * z * a)^2))
  pnorm(w + log(v / w) / w, lower.tail = FALSE)
}

# ---- independence ----
keyed <- function(test, by) paste(c(paste0("test=", test), if (length(by)) paste(names(by), unlist(by), sep = "=")), collapse = ";")
tested <- function(case, command, d, a, b, by = NULL, rows = nrow(d)) {
  for (v in c(a, b)) d$variables[[v]] <- factor(d$variables[[v]])
  f <- as.formula(sprintf("~`%s` + `%s`", a, b))
  nu <- degf(d)
  row <- function(test, statistic, ndf, ddf, p) {
    key <- keyed(test, by)
    put(case, command, key, "statistic", statistic)
    put(case, command, key, "ndf", ndf)
    if (!is.na(ddf)) put(case, command, key, "ddf", ddf)
    put(case, command, key, "p_value", p)
  }
  one <- svychisq(f, d)
  d0 <- one$parameter[["ndf"]]
  row("pearson-f", one$statistic, d0, d0 * nu, pf(one$statistic, d0, d0 * nu, lower.tail = FALSE))
  chi <- svychisq(f, d, statistic = "Chisq")
  x2 <- chi$statistic * rows / nrow(d)
  k <- chi$parameter[[1]]
  row("pearson-chisq", x2, k, NA, chi$p.value)
  w <- svychisq(f, d, statistic = "Wald")
  row("wald", w$statistic, k, nu, pf(w$statistic, k, nu, lower.tail = FALSE))
  aw <- w$statistic * (nu - k + 1) / nu
  row("adj-wald", aw, k, nu - k + 1, pf(aw, k, nu - k + 1, lower.tail = FALSE))
  # the eigenvalues as svychisq has them, by another basis of the contrasts: all of interaction's, orthonormal
  r <- nlevels(d$variables[[a]]); s <- nlevels(d$variables[[b]])
  d$variables$cell <- interaction(d$variables[[a]], d$variables[[b]])
  m <- svymean(~cell, d, na.rm = TRUE)
  C <- kronecker(contr.helmert(s), contr.helmert(r))
  i <- ifelse(coef(m) == 0, 0, 1 / coef(m))
  lambda <- Re(eigen(solve(crossprod(C, i * C), t(i * C) %*% vcov(m) %*% (i * C)))$values) * rows
  ddf <- if (inherits(d, "svyrep.design")) Inf else d0 * nu
  row("lincom", x2, k, if (is.finite(ddf)) ddf else NA, inverted(x2, lambda, ddf))
  row("saddlepoint", x2, k, NA, saddled(x2, lambda, ddf))
  sure <- is.infinite(ddf) || abs(ddf - round(ddf)) > 1e-6       # otherwise what R truncates to is rounding
  if (sure && abs(nu * d0 / one$parameter[["ddf"]] - 1) < 1e-12) {
    p <- svychisq(f, d, statistic = "saddlepoint")$p.value
    put(case, command, keyed("saddlepoint", by), "p_value", p, if (p > 1e-100 && p < .2) 1e-6 else 1e-4)     # close to the mean R's formula cancels
  }
}
ALL <- "--test pearson-f,pearson-chisq,wald,adj-wald,lincom,saddlepoint"
tables <- function(case, options, d, a, b, wa = a, wb = b, by = NULL, where = NULL, r = NULL) {
  quote <- function(x) if (grepl("[^A-Za-z0-9_.()]", x)) sprintf("'%s'", x) else x
  command <- paste("table", quote(wa), quote(wb), options, ALL)
  if (!is.null(where)) { command <- sprintf("%s --where '%s'", command, where); k <- eval(r, d$variables); d <- d[k & !is.na(k), ] }
  if (is.null(by)) return(tested(case, command, d, a, b))
  command <- paste(command, "--by", by)
  for (l in sort(unique(d$variables[[by]][!is.na(d$variables[[by]])]))) {
    l <- as.character(l)
    tested(case, command, d[!is.na(d$variables[[by]]) & d$variables[[by]] == l, ], a, b, setNames(list(l), by))
  }
}

# ---- fit ----
fitted_to <- function(case, command, d, v, p, by = NULL) {
  d$variables[[v]] <- factor(d$variables[[v]])
  f <- as.formula(sprintf("~`%s`", v))
  levels(d$variables[[v]]) <- paste0("l", seq_len(nlevels(d$variables[[v]])))
  names(d$variables)[names(d$variables) == v] <- "v"
  g <- svygofchisq(~v, p, d, na.rm = TRUE)
  l <- g$lambda
  nu <- degf(d)
  d0 <- sum(l)^2 / sum(l^2)
  row <- function(test, statistic, ndf, ddf, p) {
    key <- keyed(test, by)
    put(case, command, key, "statistic", statistic)
    put(case, command, key, "ndf", ndf)
    if (!is.na(ddf)) put(case, command, key, "ddf", ddf)
    put(case, command, key, "p_value", p)
  }
  x2 <- g$statistic
  row("pearson-chisq", x2, g$parameter[["df"]], NA, g$p.value)
  row("pearson-f", x2 / sum(l), d0, d0 * nu, pf(x2 / sum(l), d0, d0 * nu, lower.tail = FALSE))
  m <- svymean(~v, d, na.rm = TRUE)
  off <- (coef(m) - p / sum(p))[-1]
  k <- length(off)
  w <- drop(off %*% solve(vcov(m)[-1, -1], off)) / k
  row("wald", w, k, nu, pf(w, k, nu, lower.tail = FALSE))
  row("adj-wald", w * (nu - k + 1) / nu, k, nu - k + 1, pf(w * (nu - k + 1) / nu, k, nu - k + 1, lower.tail = FALSE))
  ddf <- if (inherits(d, "svyrep.design")) Inf else d0 * nu
  row("lincom", x2, k, if (is.finite(ddf)) ddf else NA, inverted(x2, l, ddf))
}
fits <- function(case, options, d, v, p, wv = v)
  fitted_to(case, paste("table", wv, options, "--expected", paste(p, collapse = ","), "--test pearson-chisq,pearson-f,wald,adj-wald,lincom"), d, v, p)

# ---- shares and measures ----
shared <- function(case, options, d, a, b, wa = a, wb = b) {
  for (v in c(a, b)) d$variables[[v]] <- factor(d$variables[[v]])
  d <- d[complete.cases(d$variables[c(a, b)]), ]
  d$variables$.a <- d$variables[[a]]; d$variables$.b <- d$variables[[b]]; d$variables$.c <- interaction(d$variables$.a, d$variables$.b, sep = ":")
  cell <- function(kind, level, est, se, n) {
    command <- paste("table", wa, wb, options, "--percent", kind)
    key <- paste0("level=", level)
    put(case, command, key, "estimate", est)
    put(case, command, key, "se", se)
    put(case, command, key, "ci_lower", est - qnorm(.975) * se)
    put(case, command, key, "n", n)
  }
  m <- svymean(~.c, d)
  for (i in seq_along(coef(m))) cell("total", levels(d$variables$.c)[i], coef(m)[i], SE(m)[i], sum(weights(d, "sampling") != 0))
  within <- function(kind, given, other) for (g in levels(d$variables[[given]])) {
    s <- d[d$variables[[given]] == g, ]
    m <- svymean(as.formula(paste("~", other)), s)
    l <- levels(d$variables[[other]])
    for (i in seq_along(l)) cell(kind, if (kind == "row") paste(g, l[i], sep = ":") else paste(l[i], g, sep = ":"), coef(m)[i], SE(m)[i],
                                 sum(weights(s, "sampling") != 0))
  }
  within("row", ".a", ".b")
  within("column", ".b", ".a")
}
measured <- function(case, options, d, a, b, wa = a, wb = b) {
  d <- d[complete.cases(d$variables[c(a, b)]), ]
  for (v in c(a, b)) d$variables[[v]] <- factor(d$variables[[v]])
  l <- levels(d$variables[[b]])
  d$variables$cell <- interaction(as.integer(d$variables[[a]]), as.integer(d$variables[[b]]), sep = "")
  m <- svymean(~cell, d)
  names(m) <- c("p11", "p21", "p12", "p22")
  t <- qt(.975, degf(d))
  command <- paste("table", wa, wb, options, "--measure or,rr,rd")
  one <- function(statistic, level, x, ratio) {
    c0 <- svycontrast(m, x)
    e <- coef(c0)[[1]]; se <- SE(c0)[[1]]
    key <- sprintf("statistic=%s;level=%s", statistic, level)
    put(case, command, key, "estimate", if (ratio) exp(e) else e)
    put(case, command, key, "se", if (ratio) exp(e) * se else se)
    put(case, command, key, "ci_lower", if (ratio) exp(e - t * se) else e - t * se)
    put(case, command, key, "ci_upper", if (ratio) exp(e + t * se) else e + t * se)
    put(case, command, key, "df", degf(d))
  }
  one("odds-ratio", "", quote(log(p11 * p22 / (p12 * p21))), TRUE)
  one("risk-ratio", l[1], quote(log(p11 / (p11 + p12) / (p21 / (p21 + p22)))), TRUE)
  one("risk-ratio", l[2], quote(log(p12 / (p11 + p12) / (p22 / (p21 + p22)))), TRUE)
  one("risk-difference", l[1], quote(p11 / (p11 + p12) - p21 / (p21 + p22)), FALSE)
  one("risk-difference", l[2], quote(p12 / (p11 + p12) - p22 / (p21 + p22)), FALSE)
}

# ---- api ----
strat <- read(file.path(root, "api/apistrat.csv"))
clus1 <- read(file.path(root, "api/apiclus1.csv"))
clus2 <- read(file.path(root, "api/apiclus2.csv"))
srs <- read(file.path(root, "api/apisrs.csv"))
o_strat <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
o_clus1 <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
o_clus2 <- "--data datasets/api/apiclus2.csv --weights pw --clusters dnum,snum --fpc fpc1,fpc2"
o_srs <- "--data datasets/api/apisrs.csv --weights pw --fpc fpc"
d_strat <- svydesign(~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
d_clus1 <- svydesign(~dnum, weights = ~pw, fpc = ~fpc, data = clus1)
d_clus2 <- svydesign(~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
d_srs <- svydesign(~1, weights = ~pw, fpc = ~fpc, data = srs)

tables("strat", o_strat, d_strat, "sch.wide", "stype")
tables("strat", o_strat, d_strat, "stype", "sch.wide")
tables("strat", o_strat, d_strat, "awards", "comp.imp")
tables("strat, many columns", o_strat, d_strat, "stype", "yr.rnd")
tables("strat, subpopulation", o_strat, d_strat, "sch.wide", "comp.imp", where = "api00 > 600 and api99 < 800", r = quote(api00 > 600 & api99 < 800))
tables("strat, domains", o_strat, d_strat, "awards", "sch.wide", by = "stype")
tables("strat, missing", o_strat, d_strat, "acs.46", "sch.wide", wa = "factor(acs.46)", where = "acs.46 > 26 and acs.46 < 31",
       r = quote(acs.46 > 26 & acs.46 < 31))
tables("clus1", o_clus1, d_clus1, "sch.wide", "stype")
tables("clus1, subpopulation", o_clus1, d_clus1, "sch.wide", "comp.imp", where = 'stype != "H"', r = quote(stype != "H"))
tables("clus1, domains", o_clus1, d_clus1, "awards", "sch.wide", by = "stype")
tables("clus2, two stages", o_clus2, d_clus2, "sch.wide", "stype")
tables("clus2, two stages", o_clus2, d_clus2, "awards", "comp.imp")
tables("srs", o_srs, d_srs, "stype", "comp.imp")
fits("strat, fit", o_strat, d_strat, "awards", c(.6, .4))
fits("strat, fit", o_strat, d_strat, "sch.wide", c(1, 4))
fits("clus1, fit", o_clus1, d_clus1, "stype", c(.75, .1, .15))
fits("clus2, fit", o_clus2, d_clus2, "stype", c(3, 1, 1))
fits("srs, fit", o_srs, d_srs, "awards", c(.3, .7))
shared("strat, shares", o_strat, d_strat, "sch.wide", "stype")
shared("clus1, shares", o_clus1, d_clus1, "stype", "comp.imp")
shared("clus2, shares", o_clus2, d_clus2, "stype", "awards")
measured("strat, measures", o_strat, d_strat, "sch.wide", "comp.imp")
measured("clus1, measures", o_clus1, d_clus1, "awards", "sch.wide")
measured("clus2, measures", o_clus2, d_clus2, "awards", "comp.imp")

# ---- nhanes: strata with two PSUs each, missing values ----
nh <- read("data/nhanes.csv.gz")
o_nh <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
d_nh <- svydesign(~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
tables("nhanes", o_nh, d_nh, "agecat", "race")
tables("nhanes, missing", o_nh, d_nh, "HI_CHOL", "race", wa = "factor(HI_CHOL)")
tables("nhanes, missing", o_nh, d_nh, "HI_CHOL", "agecat", wa = "HI_CHOL")
tables("nhanes, domains", o_nh, d_nh, "HI_CHOL", "agecat", by = "RIAGENDR")
tables("nhanes, subpopulation", o_nh, d_nh, "HI_CHOL", "RIAGENDR", where = 'race = "black" or agecat = "(59,Inf]"',
       r = quote(race == "black" | agecat == "(59,Inf]"))
fits("nhanes, fit", o_nh, d_nh, "agecat", c(.25, .3, .3, .15))
fits("nhanes, fit", o_nh, d_nh, "HI_CHOL", c(.88, .12))
shared("nhanes, shares", o_nh, d_nh, "agecat", "HI_CHOL")
measured("nhanes, measures", o_nh, d_nh, "RIAGENDR", "HI_CHOL")

# ---- eusilc: 9 strata, households as clusters, 14,827 persons ----
eu <- read(file.path(root, "eusilc/eusilc.csv.gz"))
o_eu <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
d_eu <- svydesign(~db030, strata = ~db040, weights = ~rb050, data = eu)
tables("eusilc, seven by three", o_eu, d_eu, "pl030", "pb220a", wa = "factor(pl030)")
tables("eusilc, subpopulation", o_eu, d_eu, "rb090", "pl030", wb = "factor(pl030)", where = "age >= 25 and age < 55", r = quote(age >= 25 & age < 55))
tables("eusilc, domains", o_eu, d_eu, "rb090", "pb220a", by = "db040")
fits("eusilc, fit", o_eu, d_eu, "pl030", c(40, 10, 5, 5, 30, 1, 9), wv = "'factor(pl030)'")
shared("eusilc, shares", o_eu, d_eu, "rb090", "pb220a")

# ---- replicates of these designs ----
r_clus1 <- as.svrepdesign(d_clus1, type = "JK1", compress = FALSE)
r_strat <- as.svrepdesign(d_strat, type = "JKn", compress = FALSE)
tables("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "sch.wide", "stype")
tables("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "awards", "comp.imp")
tables("strat, jackknife", paste(o_strat, "--replicates jkn"), r_strat, "sch.wide", "stype")
r_nh <- as.svrepdesign(d_nh, type = "JKn", compress = FALSE)
tables("nhanes, jackknife", paste(o_nh, "--replicates jkn"), r_nh, "HI_CHOL", "race")
fits("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "stype", c(.75, .1, .15))
measured("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "awards", "sch.wide")

# ---- calibrated ----
margins <- c("(Intercept)" = 6194, stypeH = 755, stypeM = 1018, sch.wideYes = 5122)
k_clus1 <- calibrate(d_clus1, ~stype + sch.wide, margins)
o_k <- paste(o_clus1, "--calibrate tests/reference/data/weighting-stype.csv --calibrate tests/reference/data/weighting-sch-wide.csv")
tables("calibrated", o_k, k_clus1, "awards", "comp.imp")
tables("calibrated", o_k, k_clus1, "stype", "comp.imp")
fits("calibrated, fit", o_k, k_clus1, "awards", c(2, 3))
shared("calibrated, shares", o_k, k_clus1, "stype", "awards")
measured("calibrated, measures", o_k, k_clus1, "awards", "comp.imp")

write_figures("tests_tables.csv", paste("lincom is the characteristic function inverted in R (CompQuadForm is not there; with it R truncates the denominator's",
  "degrees of freedom), saddlepoint is R's with its root converged and, at 1e-6, as R stops. Degrees of freedom as survey 4.5: degf of the subpopulation."))
