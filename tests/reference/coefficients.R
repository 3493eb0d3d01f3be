# Figures for what `survey regress` makes of coefficients: contrasts (svycontrast), BIC within a maximal model (BIC.svyglm), tests of the terms of ordinal
# and Cox models (regTermTest); and formulas whose calculations have no value in rows that take no part, or that compare texts.
# Run in this folder: Rscript coefficients.R
source("figures.R")
source("refits.R")
suppressMessages({ library(survival); library(MASS) })
options(warn = -1)
# Only the functions of the other scripts, not their figures.
take <- function(path, names) for (e in as.list(parse(path))) if (is.call(e) && identical(e[[1]], as.name("<-")) && as.character(e[[2]])[1] %in% names) eval(e, globalenv())
take("regress.R", c("rd", "families", "converged", "ours"))
take("ordinal.R", c("links", "ordinal_parts", "fit_case"))

apis <- rd("../../datasets/api/apistrat.csv"); api1 <- rd("../../datasets/api/apiclus1.csv"); api2 <- rd("../../datasets/api/apiclus2.csv")
nhanes <- rd("data/nhanes.csv.gz"); silc <- rd("../../datasets/eusilc/eusilc.csv.gz"); lung2 <- rd("data/lung.csv.gz"); iv <- rd("data/intervals.csv.gz"); mu <- rd("data/mu284.csv.gz")
strat <- svydesign(~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apis); STRAT <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
clus1 <- svydesign(~dnum, weights = ~pw, fpc = ~fpc, data = api1); CLUS1 <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
clus2 <- svydesign(~dnum + snum, fpc = ~fpc1 + fpc2, data = api2); CLUS2 <- "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2"
nh <- svydesign(~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
NH <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
eu <- svydesign(~db030, strata = ~db040, weights = ~rb050, data = silc); EU <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
plain1 <- svydesign(~dnum, weights = ~pw, data = api1); P1 <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --replicates jk1"

text_of <- function(f) paste(deparse(f, width.cutoff = 500), collapse = "")
join <- function(...) gsub(" +", " ", trimws(paste(...)))

# ---- contrasts: R's expressions name the coefficients as R does, ours as the table does ----
contrast <- function(case, f, kind, design, options, expressions, more = "") {
  m <- converged(f, design, families[[kind]][[2]]); own <- ours(m); theirs <- names(coef(m))
  df <- m$df.residual
  for (text in expressions) {
    r <- text
    for (i in order(-nchar(own))) r <- gsub(paste0("`", own[i], "`"), paste0("<", i, ">"), r, fixed = TRUE)
    for (i in seq_along(own)) r <- gsub(paste0("<", i, ">"), paste0("`", theirs[i], "`"), r, fixed = TRUE)
    s <- svycontrast(m, parse(text = r)[[1]]); v <- as.vector(coef(s)); se <- as.vector(SE(s))
    command <- join("regress", paste0("'", text_of(f), "'"), families[[kind]][[1]], options, more, "--contrast", paste0("'", text, "'"))
    key <- paste0("term=", text)
    put(case, command, key, "estimate", v); put(case, command, key, "se", se); put(case, command, key, "df", df)
    put(case, command, key, "t", v / se); put(case, command, key, "p_value", 2 * pt(-abs(v / se), df), "+1e-9")
    put(case, command, key, "ci_lower", v - qt(.975, df) * se, 1e-9); put(case, command, key, "ci_upper", v + qt(.975, df) * se, 1e-9)
    put(case, paste(command, "--distribution normal"), key, "ci_lower", confint(s)[1], 1e-9); put(case, paste(command, "--distribution normal"), key, "ci_upper", confint(s)[2], 1e-9)
  }
  invisible(m)
}
m <- contrast("strat", api00 ~ ell + meals + stype, "gaussian", strat, STRAT, c("ell + meals", "`stype: H` - `stype: M`", "ell / meals", "`(Intercept)` - 50 * meals", "exp(ell / 10) * sqrt(-meals)", "(`stype: H` + `stype: M`) / 2"))
# a linear one of R's other notation
s <- svycontrast(m, c(ell = 1, meals = -2)); put("strat-linear", join("regress 'api00 ~ ell + meals + stype'", STRAT, "--contrast 'ell - 2 * meals'"), "term=ell - 2 * meals", "estimate", coef(s))
put("strat-linear", join("regress 'api00 ~ ell + meals + stype'", STRAT, "--contrast 'ell - 2 * meals'"), "term=ell - 2 * meals", "se", SE(s))
contrast("strat-logit", sch.wide ~ ell + meals + stype, "binomial", strat, STRAT, c("exp(`stype: H` - `stype: M`)", "1 / (1 + exp(-(`(Intercept)` + 30 * ell)))", "-`(Intercept)` / meals"))
contrast("clus1", api00 ~ ell * sch.wide, "gaussian", clus1, CLUS1, c("ell + `ell * sch.wide: Yes`", "`ell * sch.wide: Yes` / ell"))
contrast("clus2-poisson", enroll ~ stype + meals, "poisson", clus2, CLUS2, c("exp(10 * meals)", "exp(`stype: H`) - exp(`stype: M`)"))
contrast("nhanes", HI_CHOL ~ factor(race) + RIAGENDR, "binomial", nh, NH, c("exp(`factor(race): other` - `factor(race): white`)", "RIAGENDR ^ 2"))
contrast("eusilc", eqIncome ~ rb090 + hsize + age + I(age^2), "gaussian", eu, EU, c("-age / (2 * `I(age^2)`)", "hsize * 2"))
contrast("strat-where", api00 ~ ell + meals, "gaussian", subset(strat, comp.imp == "Yes"), STRAT, c("ell / meals"), "--where 'comp.imp = \"Yes\"'")
contrast("jk1", api00 ~ ell + meals, "gaussian", as.svrepdesign(plain1, type = "JK1"), P1, c("ell / meals", "ell + meals"))
contrast("mu284", y1 ~ id1, "gaussian", svydesign(~id1 + id2, fpc = ~n1 + n2, data = mu), "--data tests/reference/data/mu284.csv.gz --clusters id1,id2 --fpc n1,n2", "`(Intercept)` * 2 + id1")

# ---- BIC within a maximal model ----
bic <- function(case, formulas, maximal, kind, design, options, more = "") {
  M <- converged(maximal, design, families[[kind]][[2]])
  for (f in c(formulas, maximal)) {
    m <- converged(f, design, families[[kind]][[2]]); d <- BIC(m, maximal = M)
    command <- join("regress", paste0("'", text_of(f), "'"), families[[kind]][[1]], options, more, "--fit --maximal", paste0("'", text_of(maximal), "'"))
    put(case, command, "", "bic", d[["BIC"]], 1e-9)
    if (is.finite(d[["neff"]])) put(case, command, "", "effective_n", d[["neff"]], 1e-9)
  }
}
bic("strat", c(sch.wide ~ ell, sch.wide ~ ell + meals, sch.wide ~ stype, sch.wide ~ 1), sch.wide ~ ell + meals + stype, "binomial", strat, STRAT)
bic("clus1", c(api00 ~ ell, api00 ~ ell + meals), api00 ~ ell + meals + mobility, "gaussian", clus1, CLUS1)
bic("clus2", c(enroll ~ stype, enroll ~ stype + meals), enroll ~ stype * meals + ell, "poisson", clus2, CLUS2)
bic("nhanes", c(HI_CHOL ~ agecat, HI_CHOL ~ factor(race)), HI_CHOL ~ factor(race) + agecat + RIAGENDR, "binomial", nh, NH)
bic("gamma", c(enroll ~ ell), enroll ~ ell + stype, "gammalog", strat, STRAT)
bic("where", c(sch.wide ~ ell), sch.wide ~ ell + meals, "binomial", subset(strat, stype != "M"), STRAT, "--where 'stype != \"M\"'")

# ---- terms of ordinal and Cox models ----
wald_of <- function(case, command, terms, assign, b, V, ddf, tolerance) {
  for (k in seq_along(terms)) {
    i <- which(assign == k); key <- paste0("term=", terms[k]); chisq <- drop(b[i] %*% solve(V[i, i], b[i])); c2 <- paste(command, "--anova wald")
    put(case, c2, key, "chisq", chisq, tolerance); put(case, c2, key, "statistic", chisq / length(i), tolerance)
    put(case, c2, key, "ndf", length(i)); put(case, c2, key, "ddf", ddf); put(case, c2, key, "p_value", pf(chisq / length(i), length(i), ddf, lower.tail = FALSE), "+1e-8")
  }
}
ordinal <- function(case, f, d, options, link = "logit") {
  before <- rows; r <- fit_case(case, options, f, d, link); rows <<- before           # its own figures are those of ordinal.R
  x <- model.matrix(f, model.frame(f, d$variables)); terms <- attr(terms(f), "term.labels")
  m <- eval(bquote(svyolr(.(f), .(d), method = .(links[[link]]$r), control = list(reltol = 1e-16, maxit = 2000))))
  command <- join("regress", paste0("'", text_of(f), "'"), "--family ordinal", if (link != "logit") paste("--link", link), options)
  wald_of(case, command, terms, attr(x, "assign")[-1], r$b, r$V, degf(d) - (ncol(x) - 1), 1e-9)
  for (t in terms) {                     # R's own test, as far as its optim() gets
    w <- regTermTest(m, as.formula(paste("~", t))); key <- paste0("term=", t); case2 <- paste0(case, "-svyolr"); c2 <- paste(command, "--anova wald")
    put(case2, c2, key, "ndf", w$df); put(case2, c2, key, "ddf", w$ddf); put(case2, c2, key, "statistic", w$Ftest, 1e-3)
  }
}
ordinal("ordinal", stype ~ ell + awards + meals, svydesign(~1, weights = ~pw, data = apis), "--data datasets/api/apistrat.csv --weights pw")
ordinal("ordinal-clus1", stype ~ ell + sch.wide, clus1, CLUS1, "probit")
ordinal("ordinal-clus2", stype ~ meals + awards + ell, clus2, CLUS2)

# regTermTest() of 4.1-1 takes the coefficients after those of the term for svycoxph (the intercept counts in its model matrix), and svycoxph$inv.info is
# coxph's robust variance when weights are not whole numbers: both tests are written out.
cox <- function(case, f, d, options) {
  m <- eval(bquote(svycoxph(.(f), design = d, control = coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15))))
  command <- join("regress", paste0("'", text_of(f), "'"), "--family cox", options); terms <- attr(terms(f), "term.labels")
  assign <- attr(model.matrix(f, model.frame(f, d$variables)), "assign")[-1]
  wald_of(case, command, terms, assign, coef(m), vcov(m), m$degf.resid, 1e-9)
  v <- d$variables; v$.w <- weights(d) / mean(weights(d)); environment(f) <- environment()
  naive <- coxph(f, data = v, weights = .w, robust = FALSE, control = coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15))
  for (k in seq_along(terms)) {
    i <- which(assign == k); V0 <- vcov(naive)[i, i]; chisq <- drop(coef(m)[i] %*% solve(V0, coef(m)[i])); c2 <- paste(command, "--anova working-wald")
    put(case, c2, paste0("term=", terms[k]), "chisq", chisq, 1e-8)
    put(case, c2, paste0("term=", terms[k]), "statistic", chisq / mean(diag(as.matrix(solve(V0, vcov(m)[i, i])))), 1e-8)
  }
}
LUNG <- "--data tests/reference/data/lung.csv.gz --weights w --strata stratum --clusters psu"
cox("cox", Surv(time, status - 1) ~ age + factor(ph.ecog) + sex, svydesign(~psu, strata = ~stratum, weights = ~w, data = subset(lung2, !is.na(ph.ecog))), LUNG)
cox("cox-factor", Surv(start, stop, status) ~ g + s + x, svydesign(~psu, weights = ~w, data = iv), "--data tests/reference/data/intervals.csv.gz --weights w --clusters psu")

# ---- rows that take no part; texts ----
plainly <- function(case, f, kind, design, options, more = "") {
  m <- converged(f, design, families[[kind]][[2]]); s <- coef(summary(m))
  names <- gsub("TRUE$", "", ours(m)); names <- gsub(": $", "", names)
  command <- join("regress", paste0("'", gsub("\"", "\"", text_of(f)), "'"), families[[kind]][[1]], options, more)
  for (k in seq_along(names)) { key <- paste0("term=", names[k]); put(case, command, key, "estimate", s[k, 1]); put(case, command, key, "se", s[k, 2]); put(case, command, key, "df", m$df.residual) }
}
plainly("log-where", api00 ~ log(ell) + meals, "gaussian", subset(strat, ell > 0), STRAT, "--where 'ell > 0'")
plainly("log-offset-where", enroll ~ meals + offset(log(ell)), "poisson", subset(strat, ell > 0), STRAT, "--where 'ell > 0'")
plainly("log-response-where", log(eqIncome) ~ rb090 + log(hsize), "gaussian", subset(eu, eqIncome > 0), EU, "--where 'eqIncome > 0'")
plainly("text", api00 ~ I(stype == "H") + ell, "gaussian", strat, STRAT)
plainly("text-not", api00 ~ I(stype != "H") + ell, "gaussian", clus1, CLUS1)
plainly("text-response", I(sch.wide == "Yes") ~ ell + meals, "binomial", clus2, CLUS2)
plainly("texts", api00 ~ I(awards == sch.wide) + meals, "gaussian", strat, STRAT)
plainly("text-number", api00 ~ I(dnum == "401") + meals, "gaussian", strat, STRAT)
plainly("text-list", api00 ~ I(stype %in% c("E", "M")) + meals, "gaussian", clus2, CLUS2)
write_figures("coefficients.csv", "Fits converged as in regress.R, ordinal.R and survival.R. Limits of svycontrast() are normal.")
