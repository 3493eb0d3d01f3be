# Figures for `survey regress` from R survey: coefficients, tests of terms, measures of fit, margins.
# Run in this folder: Rscript regress.R
#
# svyglm() mixes iterates unless it starts from its own solution, so every fit is repeated from there until it does not change.
source("figures.R")
suppressMessages({ library(survey); library(splines); library(MASS) })
options(warn = -1)
rd <- function(path) {       # levels in the order of their bytes, whatever the locale
  d <- read.csv(path, stringsAsFactors = TRUE, na.strings = c("NA", ""))
  for (v in names(d)) if (is.factor(d[[v]])) d[[v]] <- factor(as.character(d[[v]]), levels = sort(levels(d[[v]]), method = "radix"))
  d
}
apis <- rd("../../datasets/api/apistrat.csv"); api1 <- rd("../../datasets/api/apiclus1.csv"); api2 <- rd("../../datasets/api/apiclus2.csv")
nhanes <- rd("data/nhanes.csv.gz")
strat <- svydesign(~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apis)
clus1 <- svydesign(~dnum, weights = ~pw, fpc = ~fpc, data = api1)
clus2 <- svydesign(~dnum + snum, fpc = ~fpc1 + fpc2, data = api2)
nh <- svydesign(~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
STRAT <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
CLUS1 <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
CLUS2 <- "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2"
NH <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
families <- list(gaussian = list("", quote(gaussian())), binomial = list("--family binomial", quote(quasibinomial())),
  probit = list("--family binomial --link probit", quote(quasibinomial("probit"))), cloglog = list("--family binomial --link cloglog", quote(quasibinomial("cloglog"))),
  cauchit = list("--family binomial --link cauchit", quote(quasibinomial("cauchit"))), poisson = list("--family poisson", quote(quasipoisson())),
  sqrt = list("--family poisson --link sqrt", quote(quasipoisson("sqrt"))), gamma = list("--family gamma", quote(Gamma())),
  gammalog = list("--family gamma --link log", quote(Gamma("log"))), logmean = list("--family gaussian --link log", quote(gaussian("log"))))
converged <- function(f, design, family) {
  m <- eval(bquote(svyglm(.(f), design, family = .(family), maxit = 200)))
  if (anyNA(coef(m, na.rm = FALSE)) || identical(family, quote(gaussian()))) return(m)
  for (i in 1:60) {
    before <- coef(m)
    m <- eval(bquote(svyglm(.(f), design, family = .(family), start = .(before), epsilon = 1e-16, maxit = 200)))
    if (all(abs(coef(m) - before) <= 4e-16 * abs(before))) break
  }
  m
}
# R's names of coefficients as ours: sty peH -> stype: H; ns(x, 3)2 -> ns(x, 3): 2; a:b -> a * b.
ours <- function(m, data) {
  vars <- attr(terms(m), "term.labels"); vars <- unique(unlist(strsplit(vars, ":", fixed = TRUE)))
  vars <- vars[order(-nchar(vars))]
  one <- function(x) {
    for (v in vars) if (startsWith(x, v) && nchar(x) > nchar(v)) return(paste0(gsub("`", "", v), ": ", substring(x, nchar(v) + 1)))
    gsub("`", "", x)
  }
  sapply(names(coef(m, na.rm = FALSE)), function(n) paste(sapply(strsplit(n, ":", fixed = TRUE)[[1]], one), collapse = " * "), USE.NAMES = FALSE)
}
fit <- function(case, f, kind, design, options, level = .95, more = "", tolerance = 1e-10) {
  m <- converged(f, design, families[[kind]][[2]])
  text <- paste(deparse(f, width.cutoff = 500), collapse = "")
  if (grepl("'", text)) stop("quotes")
  command <- paste("regress", paste0("'", text, "'"), families[[kind]][[1]], options, more)
  command <- gsub(" +", " ", trimws(command))
  s <- coef(summary(m)); ci <- confint(m, level = level); all <- coef(m, na.rm = FALSE); names <- ours(m)
  for (k in seq_along(all)) {
    key <- paste0("term=", names[k]); at <- match(names(all)[k], rownames(s))
    if (is.na(all[k])) { put(case, command, key, "estimate", NaN); put(case, command, key, "se", NaN); next }
    put(case, command, key, "estimate", s[at, 1], tolerance)
    put(case, command, key, "se", s[at, 2], tolerance)
    put(case, command, key, "df", m$df.residual)
    if (abs(s[at, 3]) > 1e-3) put(case, command, key, "t", s[at, 3], tolerance)
    put(case, command, key, "p_value", s[at, 4], max(tolerance, 1e-9))
    put(case, command, key, "ci_lower", ci[at, 1], max(tolerance, 1e-9))
    put(case, command, key, "ci_upper", ci[at, 2], max(tolerance, 1e-9))
  }
  invisible(list(m = m, command = command, case = case))
}
# Wald as regTermTest; the other two from converged fits, and with R's saddlepoint tail.
anova_of <- function(r, terms, lrt = TRUE) {
  m <- r$m
  for (t in terms) {
    f <- as.formula(paste("~", t)); w <- regTermTest(m, f)
    key <- paste0("term=", t); command <- paste(r$command, "--anova wald")
    put(r$case, command, key, "statistic", w$Ftest); put(r$case, command, key, "ndf", w$df); put(r$case, command, key, "ddf", w$ddf); put(r$case, command, key, "p_value", w$p, 1e-9)
    w <- tryCatch(regTermTest(m, f, method = "WorkingWald"), error = function(e) NULL); if (is.null(w)) next; command <- paste(r$command, "--anova working-wald --tail saddlepoint")
    put(r$case, command, key, "chisq", w$chisq); put(r$case, command, key, "statistic", w$chisq / mean(w$lambda)); put(r$case, command, key, "p_value", w$p, 1e-6)
    if (!lrt) next
    family <- m$call$family
    m0 <- converged(update(formula(m), as.formula(paste(". ~ . -", t))), m$survey.design, family)
    chisq <- deviance(m0) - deviance(m); lambda <- w$lambda
    command <- paste(r$command, "--anova lrt --tail saddlepoint")
    put(r$case, command, key, "chisq", chisq, 1e-9); put(r$case, command, key, "statistic", chisq / mean(lambda), 1e-9)
    p <- tryCatch(survey:::pFsum(chisq, rep(1, length(lambda)), lambda, ddf = m$df.residual, method = "saddlepoint", lower.tail = FALSE), error = function(e) NULL)
    if (!is.null(p)) put(r$case, command, key, "p_value", p, 1e-6)
  }
}
fit_of <- function(r) {
  m <- r$m; command <- paste(r$command, "--fit"); keep <- -1
  V0 <- m$naive.cov; V <- vcov(m)
  put(r$case, command, "", "n", length(m$y)); put(r$case, command, "", "df_residual", m$df.residual)
  put(r$case, command, "", "deviance", deviance(m)); put(r$case, command, "", "null_deviance", m$null.deviance)
  if (length(m$na.action) == 0) put(r$case, command, "", "dispersion", coef(summary(m)$dispersion))
  if (family(m)$family == "gaussian") {             # survey 4.5 (dAIC.R): the variance by maximum likelihood
    w <- m$prior.weights; N <- sum(w); s2 <- sum((m$y - m$linear.predictors)^2 * w) / N
    U <- -1 / (2 * s2) + (m$y - m$linear.predictors)^2 / (2 * s2^2)
    eff <- sum(diag(solve(V0[keep, keep, drop = FALSE] * s2, V[keep, keep, drop = FALSE]))) + N / (2 * s2^2) / sum(w * U^2)
    aic <- N * log(s2) + N + N * log(2 * pi) + 2 * eff
  } else {
    eff <- sum(diag(solve(V0[keep, keep, drop = FALSE], V[keep, keep, drop = FALSE]))); aic <- deviance(m) + 2 * eff
  }
  put(r$case, command, "", "effective_parameters", eff); put(r$case, command, "", "aic", aic)
  put(r$case, command, "", "bic", survey:::dBIC(m, m)[["BIC"]])
  if (family(m)$family %in% c("quasibinomial", "quasipoisson")) {
    put(r$case, command, "", "cox_snell", psrsq(m), 1e-9); put(r$case, command, "", "nagelkerke", psrsq(m, "Nagelkerke"), 1e-9)
  }
}
# ---- linear ----
r <- fit("strat", api00 ~ ell + meals + mobility, "gaussian", strat, STRAT); fit_of(r); anova_of(r, c("ell", "meals", "mobility"))
fit("strat-90", api00 ~ ell + meals + mobility, "gaussian", strat, STRAT, level = .9, more = "--level 0.9")
r <- fit("clus1", api00 ~ stype * sch.wide + ell, "gaussian", clus1, CLUS1); fit_of(r); anova_of(r, c("ell"), FALSE)
fit("clus2", api00 ~ ell + meals + mobility, "gaussian", clus2, CLUS2)
fit("strat-missing", api00 ~ acs.46 + meals + offset(api99), "gaussian", strat, STRAT)
fit("strat-margin", api00 ~ ell:stype, "gaussian", strat, STRAT)
fit("strat-nointercept", api00 ~ 0 + stype + ell, "gaussian", strat, STRAT)
fit("strat-powers", api00 ~ ell + I(ell^2) + I(ell^3) + log(enroll), "gaussian", strat, STRAT)
fit("strat-alias", api00 ~ meals + I(2 * meals) + stype, "gaussian", strat, STRAT)
fit("strat-square", api00 ~ (ell + meals + stype)^2, "gaussian", strat, STRAT)
fit("strat-shifted", api00 ~ I(snum + 1e+05) + ell, "gaussian", strat, STRAT)
for (f in c(api00 ~ ns(ell, 3) * stype, api00 ~ bs(meals, 5) + ns(ell, knots = c(10, 20)), api00 ~ poly(meals, 3) + factor(awards))) fit("strat-splines", f, "gaussian", strat, STRAT)
fit("strat-where", api00 ~ ell + meals, "gaussian", subset(strat, comp.imp == "Yes"), STRAT, more = "--where 'comp.imp = \"Yes\"'")
fit("clus1-where", api00 ~ ell + stype, "gaussian", subset(clus1, enroll > 400), CLUS1, more = "--where 'enroll > 400'")
# ---- generalised ----
r <- fit("strat-logit", sch.wide ~ ell + meals + stype, "binomial", strat, STRAT); fit_of(r); anova_of(r, c("ell", "meals", "stype"))
r <- fit("clus1-logit", sch.wide ~ ell + meals + mobility, "binomial", clus1, CLUS1); fit_of(r); anova_of(r, c("ell", "meals", "mobility"))
r <- fit("clus2-logit", I(api00 > 650) ~ ns(meals, 3) + stype, "binomial", clus2, CLUS2); fit_of(r); anova_of(r, c("stype"))
fit("clus2-interaction", sch.wide ~ stype * ell + meals, "binomial", clus2, CLUS2)
fit("strat-missing-logit", sch.wide ~ acs.46 + ell, "binomial", strat, STRAT)
fit("strat-logit-where", sch.wide ~ ell + meals, "binomial", subset(strat, stype != "M"), STRAT, more = "--where 'stype != \"M\"'")
for (k in c("probit", "cloglog", "cauchit")) fit(paste0("strat-", k), sch.wide ~ ell + meals + mobility, k, strat, STRAT)
for (k in c("poisson", "sqrt", "gamma", "gammalog", "logmean")) { r <- fit(paste0("clus2-", k), enroll ~ stype + ell + meals, k, clus2, CLUS2); if (k != "logmean") fit_of(r) }
r <- fit("strat-rate", api.stu ~ offset(log(enroll)) + stype + meals, "poisson", strat, STRAT); fit_of(r); anova_of(r, c("stype", "meals"))
# ---- NHANES ----
r <- fit("nhanes", HI_CHOL ~ factor(race) + agecat + RIAGENDR, "binomial", nh, NH); fit_of(r); anova_of(r, c("agecat", "RIAGENDR"), FALSE)
fit("nhanes-linear", HI_CHOL ~ factor(RIAGENDR) * agecat, "gaussian", nh, NH)
fit("nhanes-where", HI_CHOL ~ factor(race), "binomial", subset(nh, RIAGENDR == 2), NH, more = "--where 'RIAGENDR = 2'")
# ---- EU-SILC ----
silc <- rd("../../datasets/eusilc/eusilc.csv.gz"); eu <- svydesign(~db030, strata = ~db040, weights = ~rb050, data = silc)
EU <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
r <- fit("eusilc", py010n ~ ns(age, 3) + rb090 + pl030, "gaussian", eu, EU); anova_of(r, "rb090", FALSE)
fit("eusilc-logit", I(eqIncome > 20000) ~ age + I(age^2) + rb090 * db040, "binomial", eu, EU)
fit("eusilc-where", eqIncome ~ rb090 + hsize, "gammalog", subset(eu, age >= 65 & eqIncome > 0), EU, more = "--where 'age >= 65 and eqIncome > 0'")
refit <- function(case, f, kind, linear, type, options) {
  d <- as.svrepdesign(linear, type = type); m <- converged(f, d, families[[kind]][[2]]); X <- model.matrix(m); w <- weights(d, "analysis")
  if (length(m$na.action)) w <- w[-m$na.action, ]
  offset <- if (is.null(m$offset)) rep(0, nrow(X)) else m$offset
  betas <- t(apply(w, 2, function(wi) {
    b <- coef(m)
    for (i in 1:40) { before <- b; b <- glm.fit(X, m$y, weights = wi / mean(wi), start = b, offset = offset, family = m$family, control = glm.control(epsilon = 1e-16, maxit = 100))$coefficients
      if (all(abs(b - before) <= 1e-15 * abs(before))) break }
    b
  }))
  V <- svrVar(betas, d$scale, d$rscales, mse = d$mse, coef = coef(m))
  command <- gsub(" +", " ", paste("regress", paste0("'", paste(deparse(f, width.cutoff = 500), collapse = ""), "'"), families[[kind]][[1]], options, "--replicates", tolower(type)))
  for (k in seq_along(coef(m))) {
    key <- paste0("term=", ours(m)[k])
    put(case, command, key, "estimate", coef(m)[k]); put(case, command, key, "se", sqrt(V[k, k])); put(case, command, key, "df", m$df.residual)
  }
}
plain1 <- svydesign(~dnum, weights = ~pw, data = api1); plains <- svydesign(~1, strata = ~stype, weights = ~pw, data = apis)
P1 <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum"; PS <- "--data datasets/api/apistrat.csv --weights pw --strata stype"
refit("jk1", sch.wide ~ ell + meals, "binomial", plain1, "JK1", P1)
refit("jk1", api00 ~ ell * sch.wide + meals, "gaussian", plain1, "JK1", P1)
refit("jkn", enroll ~ stype + meals, "poisson", plains, "JKn", PS)
refit("jkn", api00 ~ ell + meals, "gamma", plains, "JKn", PS)
refit("jkn", sch.wide ~ acs.46 + ell, "probit", plains, "JKn", PS)
refit("jkn", sch.wide ~ ell + offset(meals/50), "cloglog", plains, "JKn", PS)
# ---- negative binomial: coefficients and theta of MASS, theta to its end ----
negative <- function(case, f, d, data, options) {
  w <- weights(d); w <- w / mean(w); theta <- 1; v <- cbind(data, .w = w)
  environment(f) <- environment()
  for (i in 1:100) { m <- glm(f, data = v, weights = .w, family = negative.binomial(theta), control = glm.control(epsilon = 1e-15, maxit = 100))
    before <- theta; theta <- as.vector(theta.ml(m$y, fitted(m), sum(m$prior.weights), m$prior.weights, limit = 100, eps = 1e-14)); if (abs(theta / before - 1) < 1e-14) break }
  z <- (model.matrix(m) * residuals(m, "working") * m$weights) %*% summary(m)$cov.unscaled; V <- survey:::svyrecvar(z, d$cluster, d$strata, d$fpc, postStrata = NULL)
  command <- gsub(" +", " ", paste("regress", paste0("'", paste(deparse(f, width.cutoff = 500), collapse = ""), "'"), "--family negative-binomial", options))
  for (k in seq_along(coef(m))) { key <- paste0("term=", ours(m)[k]); put(case, command, key, "estimate", coef(m)[k], 1e-9); put(case, command, key, "se", sqrt(V[k, k]), 1e-8) }
  put(case, paste(command, "--fit"), "", "theta", theta, 1e-9)
}
negative("negative-binomial", enroll ~ stype + ell, strat, apis, STRAT)
negative("negative-binomial", api.stu ~ meals + offset(log(enroll)), clus1, api1, CLUS1)
# ---- margins: svypredmeans adds the variance of the mean of the predictions ----
predictive <- function(case, f, var, kind, design, options) {
  m <- converged(f, design, families[[kind]][[2]]); design <- m$survey.design; w <- weights(design); v <- design$variables
  command <- paste("regress", paste0("'", paste(deparse(f, width.cutoff = 500), collapse = ""), "'"), families[[kind]][[1]], options, "--margins predictive --of", var)
  command <- gsub(" +", " ", command)
  for (l in levels(v[[var]])) {
    at <- v; at[[var]] <- factor(l, levels = levels(v[[var]]))
    X <- model.matrix(delete.response(terms(m)), at); eta <- X %*% coef(m); mu <- family(m)$linkinv(eta)
    g <- colSums(X * as.vector(w * family(m)$mu.eta(eta))) / sum(w); own <- as.vector(t(g) %*% vcov(m) %*% g)
    mean <- svymean(~mu, update(design, mu = as.vector(mu)))
    put(case, command, paste0("level=", l), "estimate", coef(mean)); put(case, command, paste0("level=", l), "se", sqrt(own))
    put(case, paste(command, "--sampling"), paste0("level=", l), "se", sqrt(own + as.vector(vcov(mean))))
  }
}
predictive("margins", sch.wide ~ ell + meals + stype, "stype", "binomial", strat, STRAT)
predictive("margins", enroll ~ ell * stype + meals, "stype", "poisson", clus2, CLUS2)
predictive("margins", api00 ~ ns(ell, 2) + sch.wide, "sch.wide", "gaussian", clus1, CLUS1)
# average effects: derivatives of the mean prediction, written out
effects_of <- function(case, m, command, w) {
  X <- model.matrix(m); eta <- as.vector(X %*% coef(m)); b <- coef(m)["ell"]; e <- family(m)$mu.eta(eta); mu <- family(m)$linkinv(eta)
  curve <- if (family(m)$family == "quasibinomial") e * (1 - 2 * mu) else mu
  g <- colSums(w * curve * b * X) / sum(w); at <- match("ell", names(coef(m))); g[at] <- g[at] + sum(w * e) / sum(w)
  put(case, command, "variable=ell", "estimate", sum(w * e * b) / sum(w)); put(case, command, "variable=ell", "se", sqrt(as.vector(t(g) %*% vcov(m) %*% g)))
}
m <- converged(sch.wide ~ ell + meals + stype, strat, quote(quasibinomial()))
effects_of("effects", m, gsub(" +", " ", paste("regress 'sch.wide ~ ell + meals + stype' --family binomial", STRAT, "--margins effects --of ell")), weights(strat))
m <- converged(enroll ~ ell + stype, clus2, quote(quasipoisson()))
effects_of("effects", m, gsub(" +", " ", paste("regress 'enroll ~ ell + stype' --family poisson", CLUS2, "--margins effects")), weights(m$survey.design))
# ---- Bell and McCaffrey (survey 4.5, svyglm(std.errors =, degf = TRUE)), written out from their definition ----
root <- function(M) { e <- eigen(M, symmetric = TRUE); v <- ifelse(e$values > 1e-10, 1 / sqrt(pmax(e$values, 1e-300)), 0); e$vectors %*% (v * t(e$vectors)) }
bell <- function(case, f, kind, design, options) {
  m <- converged(f, design, families[[kind]][[2]]); X <- model.matrix(m); r <- m$residuals; W <- m$weights; n <- nrow(X); design <- m$survey.design
  Q <- solve(crossprod(X)); H <- diag(n) - X %*% Q %*% t(X); psu <- design$cluster[, 1]; G <- list(); adj <- r
  for (u in unique(psu)) {
    i <- which(psu == u); A <- root(diag(length(i)) - X[i, , drop = FALSE] %*% Q %*% t(X[i, , drop = FALSE]))
    adj[i] <- A %*% r[i]; G[[length(G) + 1]] <- t(H[i, , drop = FALSE]) %*% A %*% X[i, , drop = FALSE] %*% Q
  }
  V <- survey:::svyrecvar((X * adj * W) %*% m$naive.cov, design$cluster, design$strata, design$fpc, postStrata = NULL)
  s2 <- mean(adj^2); same <- outer(psu, psu, "=="); sc <- (sum(tapply(adj, psu, sum)^2) - sum(adj^2)) / (sum(table(psu)^2) - n)
  S <- matrix(0, n, n); S[same] <- sc; diag(S) <- s2
  command <- gsub(" +", " ", paste("regress", paste0("'", paste(deparse(f, width.cutoff = 500), collapse = ""), "'"), families[[kind]][[1]], options))
  for (j in seq_len(ncol(X))) {
    g <- sapply(G, function(x) x[, j]); key <- paste0("term=", ours(m)[j])
    for (two in c(FALSE, TRUE)) {
      M <- if (two) t(g) %*% S %*% g else t(g) %*% g; df <- sum(diag(M))^2 / sum(M^2); c2 <- paste0(command, " --se bell-mccaffrey", if (two) "-2" else "")
      put(case, c2, key, "se", sqrt(V[j, j])); put(case, c2, key, "df", df, 1e-9)
      put(case, c2, key, "p_value", 2 * pt(-abs(coef(m)[j]) / sqrt(V[j, j]), df), 1e-8)
    }
  }
}
bell("bell", api00 ~ ell + stype, "gaussian", clus1, CLUS1)
bell("bell", sch.wide ~ ell + meals, "binomial", clus1, CLUS1)
bell("bell", enroll ~ meals + stype, "poisson", clus2, CLUS2)
bell("bell", api00 ~ ell + sch.wide, "gaussian", strat, STRAT)
write_figures("regress.csv", "Fits are repeated from their own solution (epsilon = 1e-16). AIC of linear models as survey 4.5 has it, written out.")
