# Reference figures for Cox regression and survival curves: R survey's svycoxph and svykm, with data of the package survival.
#
#   cd tests/reference && Rscript survival.R
#
# writes survival.csv and data/lung.csv.gz, data/pbc.csv.gz, data/tied.csv.gz, data/intervals.csv.gz.
source("figures.R")
source("refits.R")
suppressMessages(library(survival))
options(warn = -1)
gz <- function(x, path) { con <- gzfile(file.path("data", path), "wb"); write.csv(x, con, row.names = FALSE, na = ""); close(con) }
data(cancer, package = "survival"); data(pbc, package = "survival")

# ---- data: lung with made-up clusters and weights; pbc; many ties; times of entry ----
set.seed(20240601)
lung2 <- cbind(lung, w = round(runif(nrow(lung), .5, 8), 2), psu = sample(1:40, nrow(lung), TRUE))
lung2$stratum <- c("north", "south", "west")[1 + lung2$psu %% 3]
gz(lung2, "lung.csv.gz")
pbc2 <- pbc[, c("id", "time", "status", "trt", "age", "sex", "ascites", "edema", "bili", "albumin", "stage")]
pbc2$w <- round(rlnorm(nrow(pbc2), 1, .7), 3); pbc2$psu <- sample(1:60, nrow(pbc2), TRUE)
gz(pbc2, "pbc.csv.gz")
tied <- data.frame(time = sample(1:12, 400, TRUE), status = rbinom(400, 1, .6), x = round(rnorm(400), 2), z = round(rexp(400), 2), g = sample(c("a", "b", "c"), 400, TRUE),
                   w = round(runif(400, 1, 5), 1), psu = sample(1:50, 400, TRUE))
tied$w[sample(400, 15)] <- 0
gz(tied, "tied.csv.gz")
iv <- data.frame(start = round(runif(500, 0, 6), 1))
iv$stop <- round(iv$start + .1 + rexp(500, .4), 1); iv$x <- round(rnorm(500), 2); iv$g <- sample(c("m", "f"), 500, TRUE)
iv$status <- rbinom(500, 1, .5); iv$w <- round(rlnorm(500), 3); iv$psu <- sample(1:70, 500, TRUE); iv$s <- sample(c("p", "q", "r"), 500, TRUE)
gz(iv, "intervals.csv.gz")
lung2 <- read("data/lung.csv.gz"); pbc2 <- read("data/pbc.csv.gz"); tied <- read("data/tied.csv.gz"); iv <- read("data/intervals.csv.gz")

# ---- Cox ----
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)
cox_case <- function(case, what, formula, d, ties = "efron", where = NULL, text = deparse(formula, width.cutoff = 500)) {
  s <- if (is.null(where)) d else subset(d, eval(where, d$variables))
  command <- paste0("regress '", text, "' --family cox", if (ties != "efron") paste(" --ties", ties), if (!is.null(where)) paste0(" --where '", attr(where, "text"), "'"), " ", what)
  if (nzchar(Sys.getenv("SHOW"))) cat(command, "\n")
  if (inherits(s, "svyrep.design")) {      # R stops at its usual tolerance, so its refits are repeated here to the end
    v <- s$variables
    pw <- weights(s, "sampling")
    rw <- weights(s, "analysis")[pw > 0, ]; v <- v[pw > 0, ]; pw <- pw[pw > 0]
    environment(formula) <- environment()
    fit <- function(w, init = rep(0, length(coef(coxph(formula, data = v))))) { v$.w <- w; coxph(formula, data = v, weights = .w, ties = ties, control = tight, init = init) }
    m <- fit(pw / mean(pw)); b <- coef(m)
    thetas <- matrix(apply(rw, 2, function(w) coef(fit(w / mean(rw[, 1]) + 1e-10, b))), ncol = length(b), byrow = TRUE)
    V <- svrVar(thetas, s$scale, s$rscales, mse = s$mse, coef = b)
    tolerance <- 1e-8
  } else {
    m <- if (all(weights(s) > 0)) eval(bquote(svycoxph(.(formula), design = s, method = .(ties), control = tight)))
    if (is.null(m)) {      # svycoxph of 4.1-1 takes the residuals of other rows when there are weights of 0: the same without these rows
      v <- s$variables[weights(s) > 0, ]
      v$.w <- weights(s)[weights(s) > 0]; v$.w <- v$.w / mean(v$.w)
      environment(formula) <- environment()
      m <- coxph(formula, data = v, weights = .w, ties = ties, control = tight)
      z <- matrix(0, nrow(s), length(coef(m)))
      z[weights(s) > 0, ] <- resid(m, "dfbeta", weighted = TRUE)
      b <- coef(m); V <- influence_variance(s, z)
    } else { b <- coef(m); V <- vcov(m) }
    tolerance <- 1e-10
  }
  keep <- !is.na(b)
  names <- term_names(names(b)[keep], m$xlevels)
  put_model(case, command, names, b[keep], V[keep, keep, drop = FALSE], degf(s) + 1 - sum(keep), tolerance)
}
where <- function(text, r = text) structure(parse(text = r)[[1]], text = text)
L <- "--data tests/reference/data/lung.csv.gz --weights w --strata stratum --clusters psu"
dl <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = lung2)
P <- "--data tests/reference/data/pbc.csv.gz --weights w --clusters psu"
dp <- svydesign(id = ~psu, weights = ~w, data = pbc2)
Ti <- "--data tests/reference/data/tied.csv.gz --weights w --clusters psu"
dt <- svydesign(id = ~psu, weights = ~w, data = tied)
I <- "--data tests/reference/data/intervals.csv.gz --weights w --clusters psu"
di <- svydesign(id = ~psu, weights = ~w, data = iv)
for (ties in c("efron", "breslow")) {
  cox_case("lung", L, Surv(time, status) ~ age + sex, dl, ties)
  cox_case("lung", L, Surv(time, status == 2) ~ age + factor(sex) + ph.ecog + wt.loss, dl, ties)
  cox_case("pbc", P, Surv(time, status > 0) ~ log(bili) + sex * age + albumin, dp, ties)
  cox_case("pbc-strata", P, Surv(time, status == 2) ~ log(bili) + albumin + strata(edema), dp, ties)
  cox_case("tied", Ti, Surv(time, status) ~ x + z + g, dt, ties)
  cox_case("tied-strata", Ti, Surv(time, status) ~ x + z + strata(g), dt, ties)
  cox_case("intervals", I, Surv(start, stop, status) ~ x + g, di, ties)
  cox_case("intervals-strata", I, Surv(start, stop, status) ~ x * g + strata(s), di, ties)
}
cox_case("lung-where", L, Surv(time, status) ~ age + ph.ecog, dl, where = where("sex = 2", "sex == 2"))
cox_case("tied-where", Ti, Surv(time, status) ~ x + z, dt, where = where("g = \"a\"", "g == 'a'"))
cox_case("offset", Ti, Surv(time, status) ~ x + offset(z), dt)
cox_case("tenths", I, Surv(stop * 0.1, status) ~ x + g, di)
cox_case("lung-jkn", paste(L, "--replicates jkn"), Surv(time, status) ~ age + sex, as.svrepdesign(dl, type = "JKn"))
cox_case("tied-jk1", paste(Ti, "--replicates jk1"), Surv(time, status) ~ x + z + g, as.svrepdesign(dt, type = "JK1"), "breslow")
cox_case("intervals-jk1", paste(I, "--replicates jk1"), Surv(start, stop, status) ~ x + g, as.svrepdesign(di, type = "JK1"))

# nwtco: two phases as one, rows by histology
nw <- read("data/nwtco.csv.gz")
N <- "--data tests/reference/data/nwtco.csv.gz --strata study"
dn <- svydesign(id = ~1, strata = ~study, data = nw, weights = ~I(rep(1, nrow(nw))))
cox_case("nwtco", N, Surv(edrel, rel) ~ factor(stage) + instit + I(age / 12), dn)
cox_case("nwtco", N, Surv(edrel, rel) ~ age + strata(stage), dn, "breslow")

# ---- survival curves ----
# Points: of R's svykm (its product has no standard errors; those of exp(-H) are its own), and for the product the variance of the influences written out.
product_influence <- function(time, status, w, t) {
  ev <- sort(unique(time[status == 1 & time <= t & w > 0]))
  Y <- vapply(ev, function(e) sum(w[time >= e]), 0); D <- vapply(ev, function(e) sum(w[time == e & status == 1]), 0)
  S <- prod(1 - D / Y)
  drift <- c(0, cumsum(D / (Y * (Y - D))))
  own <- match(time, ev)
  z <- drift[1 + findInterval(pmin(time, t), ev)] - ifelse(status == 1 & !is.na(own), 1 / (Y - D)[own], 0)
  list(S = S, z = S * w * ifelse(w > 0, z, 0))
}
curve_case <- function(case, what, time, status, d, group = NULL, at, where = NULL, ci = TRUE) {
  s <- if (is.null(where)) d else subset(d, eval(where, d$variables))
  text <- paste0("Surv(", time, ", ", status, ") ~ ", if (is.null(group)) "1" else group)
  formula <- as.formula(text)
  tail <- paste0(if (!is.null(where)) paste0(" --where '", attr(where, "text"), "'"), " ", what)
  times <- paste(at, collapse = ",")
  levels <- if (is.null(group)) "" else levels(factor(s$variables[[group]]))
  for (l in levels) {
    g <- if (is.null(group)) s else s[!is.na(s$variables[[group]]) & s$variables[[group]] == l, ]
    y <- eval(parse(text = sprintf("Surv(%s, %s)", time, status))[[1]], g$variables)
    if (anyNA(y)) { g <- g[!is.na(y), ]; y <- y[!is.na(y)] }
    f1 <- as.formula(sprintf("Surv(%s, %s) ~ 1", time, status))
    w <- weights(g)
    key <- function(t) paste0("level=", l, ";time=", t)
    product <- svykm(f1, g)
    for (t in at) {
      command <- paste0("survival '", text, "' --at ", times, tail)
      S <- product$surv[max(which(product$time <= t))]
      p <- product_influence(y[, 1], y[, 2], w, t)
      se <- drop(sqrt(influence_variance(g, matrix(p$z))))
      put(case, command, key(t), "estimate", S)
      if (S == 0) next
      put(case, command, key(t), "se", se)
      put(case, command, key(t), "n", sum(w > 0)); put(case, command, key(t), "df", degf(g))
      put(case, command, key(t), "ci_lower", S * exp(-qnorm(.975) * se / S)); put(case, command, key(t), "ci_upper", min(1, S * exp(qnorm(.975) * se / S)))
      ll <- paste0("survival '", text, "' --ci log-log --level 0.9 --df design --at ", times, tail)
      q <- qt(.95, degf(g)) * se / (S * log(S))
      if (S < 1 && is.finite(q)) { put(case, ll, key(t), "ci_lower", S^exp(-q)); put(case, ll, key(t), "ci_upper", S^exp(q)) }
    }
    if (!inherits(g, "svyrep.design") && sum(w > 0) < 700) {
      k <- svykm(f1, g, se = TRUE)
      command <- paste0("survival '", text, "' --estimator hazard --at ", times, tail)
      for (t in at[at >= min(k$time)]) {
        i <- max(which(k$time <= t)); ci2 <- confint(k, t)
        put(case, command, key(t), "estimate", k$surv[i]); put(case, command, key(t), "se", k$surv[i] * sqrt(k$varlog[i]))
        put(case, command, key(t), "ci_lower", ci2[1]); put(case, command, key(t), "ci_upper", ci2[2])
      }
      command <- paste0("survival '", text, "' --estimator hazard --quantile 0.75,0.5,0.25", tail)
      q <- quantile(k, ci = TRUE)
      for (i in 1:3) {
        key2 <- paste0("level=", l, ";prob=", c(.75, .5, .25)[i])
        put(case, command, key2, "estimate", q[i]); put(case, command, key2, "ci_lower", attr(q, "ci")[i, 1]); put(case, command, key2, "ci_upper", attr(q, "ci")[i, 2])
      }
      q <- quantile(product)
      for (i in 1:3) put(case, paste0("survival '", text, "' --quantile 0.75,0.5,0.25", tail), paste0("level=", l, ";prob=", c(.75, .5, .25)[i]), "estimate", q[i])
    }
  }
}
curve_case("lung", L, "time", "status", dl, NULL, c(60, 200, 365.5, 700))
curve_case("lung", L, "time", "status", dl, "sex", c(60, 200, 500, 1000))
curve_case("lung", L, "time", "status == 2", dl, "ph.ecog", c(60, 200, 500))
curve_case("lung", L, "time", "status", dl, "sex", c(60, 200), where = where("age > 60"))
curve_case("pbc", P, "time", "status == 2", dp, "edema", c(500, 1500, 3000))
curve_case("tied", Ti, "time", "status", dt, "g", 1:12)
# every event time
k <- svykm(Surv(time, status) ~ 1, dl, se = TRUE)
for (i in which(!duplicated(k$time, fromLast = TRUE))) {
  command <- paste("survival 'Surv(time, status) ~ 1' --estimator hazard", L)
  put("lung-all", command, paste0("time=", k$time[i]), "estimate", k$surv[i]); put("lung-all", command, paste0("time=", k$time[i]), "se", k$surv[i] * sqrt(k$varlog[i]))
}
# rows drawn independently: the robust variance of survfit is that of the influences, times (n - 1)/n
s <- survfit(Surv(time, status) ~ 1, lung2, weights = w, id = seq_len(nrow(lung2)), robust = TRUE)
i <- findInterval(c(60, 200, 500), s$time)
for (k in 1:3) put("survfit", "survival 'Surv(time, status) ~ 1' --at 60,200,500 --data tests/reference/data/lung.csv.gz --weights w", paste0("time=", c(60, 200, 500)[k]), "se",
                   s$std.err[i[k]] * (if (isTRUE(s$logse)) s$surv[i[k]] else 1) * sqrt(nrow(lung2) / (nrow(lung2) - 1)))
# replicates: the curve from each
r <- as.svrepdesign(dl, type = "JKn")
curve <- function(w) { S <- svykm.fit(Surv(lung2$time, lung2$status), w); S$surv[findInterval(c(60, 200, 500), S$time)] }
svykm.fit <- getFromNamespace("svykm.fit", "survey")
pw <- weights(r, "sampling"); b <- curve(pw)
V <- svrVar(t(apply(weights(r, "analysis"), 2, curve)), r$scale, r$rscales, mse = r$mse, coef = b)
for (k in 1:3) { command <- paste("survival 'Surv(time, status) ~ 1' --at 60,200,500", L, "--replicates jkn"); key <- paste0("time=", c(60, 200, 500)[k])
                 put("lung-jkn", command, key, "estimate", b[k]); put("lung-jkn", command, key, "se", sqrt(V[k, k])) }
# ---- calibrated and two-phase designs ----
nw$sub <- nw$sampled == 1
for (m in c("full", "approx", "simple")) {
  d2 <- twophase(id = list(~seqno, ~seqno), strata = list(NULL, ~rel), subset = ~sub, data = nw, method = m)
  command <- paste("regress 'Surv(edrel, rel) ~ factor(stage) + central + I(age / 12)' --family cox --data tests/reference/data/nwtco.csv.gz --phase2 sampled --phase2-strata rel --phase2-method", m)
  g <- svycoxph(Surv(edrel, rel) ~ factor(stage) + central + I(age / 12), d2, control = tight)
  for (k in seq_along(coef(g))) { key <- paste0("term=", c(paste0("factor(stage): ", 2:4), "central", "I(age / 12)")[k])
                                  put("two-phase", command, key, "estimate", coef(g)[k]); put("two-phase", command, key, "se", sqrt(vcov(g)[k, k])) }
}
stype <- read.csv("data/weighting-stype.csv"); names(stype)[2] <- "Freq"
a <- read(file.path(root, "api", "apiclus1.csv"))
dc <- postStratify(svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = a), ~stype, stype)
cox_case("calibrated", "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc --calibrate tests/reference/data/weighting-stype.csv --calibrate-method poststratify",
         Surv(api00, api99 > 600) ~ ell + meals, dc)

write_figures("survival.csv", "Cox models converged to 1e-14; replicates refitted to the end. The product-limit curve's variance is written out in the script.")
