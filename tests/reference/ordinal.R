# Reference figures for ordinal regression: R survey's svyolr, and Newton's method on the same likelihood written out here, which converges where
# svyolr's optim() stops.
#
#   cd tests/reference && Rscript ordinal.R
#
# writes ordinal.csv.
source("figures.R")
source("refits.R")
options(warn = -1)

links <- list(
  logit = list(r = "logistic", F = plogis, f = dlogis, g = function(x) dlogis(x) * (1 - 2 * plogis(x))),
  probit = list(r = "probit", F = pnorm, f = dnorm, g = function(x) -x * dnorm(x)),
  cloglog = list(r = "cloglog", F = function(x) exp(-exp(-x)), f = function(x) exp(-x - exp(-x)), g = function(x) exp(-x - exp(-x)) * (exp(-x) - 1)),
  cauchit = list(r = "cauchit", F = pcauchy, f = dcauchy, g = function(x) -2 * x / (pi * (1 + x^2)^2)))

# Score by row and information of the cumulative link model; theta: coefficients, then cut points.
ordinal_parts <- function(theta, x, y, w, K, L, offset) {
  p <- ncol(x); q <- K - 1
  zeta <- c(-Inf, theta[p + seq_len(q)], Inf)
  eta <- offset + if (p > 0) drop(x %*% theta[seq_len(p)]) else 0
  a <- zeta[y + 1] - eta; b <- zeta[y] - eta
  at <- function(f, v) ifelse(is.finite(v), f(ifelse(is.finite(v), v, 0)), 0)
  pr <- ifelse(b > 0, L$F(-b) - L$F(-a), L$F(a) - L$F(b))
  if (identical(L$r, "cloglog")) pr <- exp(-exp(-a)) - exp(-exp(-b))
  fa <- at(L$f, a); fb <- at(L$f, b); ga <- at(L$g, a); gb <- at(L$g, b)
  A <- cbind(-x, 1 * (outer(y, seq_len(q), "=="))); B <- cbind(-x, 1 * (outer(y - 1, seq_len(q), "==")))
  ua <- fa / pr; ub <- fb / pr
  AB <- crossprod(A, B * (w * ua * ub))
  H <- crossprod(A, A * (w * (ga / pr - ua^2))) + crossprod(B, B * (w * (-gb / pr - ub^2))) + AB + t(AB)
  list(loglik = sum(ifelse(w == 0, 0, w * log(pr))), score = A * (w * ua) - B * (w * ub), information = -H)
}
fit_case <- function(case, what, formula, d, link = "logit", svyolr_tolerance = 1e-5, where = NULL, text = deparse(formula, width.cutoff = 500)) {
  L <- links[[link]]
  s <- if (is.null(where)) d else subset(d, eval(where, d$variables))
  mf <- model.frame(formula, model.frame(s), na.action = na.omit)
  mf <- droplevels(mf)
  drop <- attr(mf, "na.action")
  if (length(drop)) s <- s[-drop, ]
  pw <- weights(s, "sampling")
  y <- model.response(mf)
  use <- pw > 0
  y <- factor(y, levels = levels(y)[table(y[use]) > 0])
  x <- model.matrix(attr(mf, "terms"), mf)
  x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
  offset <- model.offset(mf); if (is.null(offset)) offset <- 0
  K <- nlevels(y); p <- ncol(x); yi <- as.integer(y); yi[is.na(yi)] <- 1L
  centre <- colMeans(x); xc <- sweep(x, 2, centre)
  cum <- cumsum(tapply(pw[use], y[use], sum)) / sum(pw)
  q0 <- switch(link, logit = qlogis, probit = qnorm, cloglog = function(p) -log(-log(p)), cauchit = qcauchy)
  start <- c(rep(0, p), q0(cum[-K]))
  back <- diag(p + K - 1); if (p > 0) back[p + seq_len(K - 1), seq_len(p)] <- rep(centre, each = K - 1)
  solve_with <- function(w, from) newton(from, function(t) ordinal_parts(t, xc, yi, w, K, L, offset))
  n <- solve_with(pw / mean(pw[use]), start)
  b <- drop(back %*% n$theta)
  V <- if (inherits(s, "svyrep.design")) refit_variance(s, function(w) solve_with(w / mean(w), n$theta)$theta, n$theta) else
    influence_variance(s, n$score %*% solve(n$information))
  V <- back %*% V %*% t(back)
  names <- c(term_names(colnames(x), .getXlevels(attr(mf, "terms"), mf)), paste(levels(y)[-K], levels(y)[-1], sep = "|"))
  command <- paste0("regress '", text, "' --family ordinal", if (link != "logit") paste(" --link", link), if (!is.null(where)) paste0(" --where '", attr(where, "text"), "'"), " ", what)
  put_model(case, command, names, b, V, degf(s) - p)
  # R's own svyolr, to what its optim() reaches
  if (K > 2 && p > 0 && is.na(svyolr_tolerance) == FALSE && !inherits(s, "svyrep.design")) {
    m <- tryCatch(svyolr(formula, s, method = L$r, control = list(reltol = 1e-16, maxit = 2000, ndeps = rep(1e-6, p + K - 1))), error = function(e) NULL)
    if (!is.null(m) && max(abs(coef(m) - b) / (abs(b) + 1e-3)) < 1e-4) {
      key <- paste0("term=", names)
      for (i in seq_along(names)) { put(paste0(case, "-svyolr"), command, key[i], "estimate", coef(m)[i], svyolr_tolerance)
                                    put(paste0(case, "-svyolr"), command, key[i], "se", SE(m)[i], 1e-5) }
    } else cat(case, link, "svyolr did not converge:", if (!is.null(m)) max(abs(coef(m) - b) / (abs(b) + 1e-3)), "\n")
  }
  invisible(list(b = b, V = V))
}
where <- function(text, r = text) structure(parse(text = r)[[1]], text = text)

# ---- api: a factor of classes ----
api <- function(f) { a <- read(file.path(root, "api", f)); a }
designs <- list(
  strat = list("--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc", svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = api("apistrat.csv"))),
  clus1 = list("--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc", svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = api("apiclus1.csv"))),
  clus2 = list("--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2", svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = api("apiclus2.csv"))))
for (k in names(designs)) {
  what <- designs[[k]][[1]]; d <- designs[[k]][[2]]
  for (link in names(links)) fit_case(k, what, stype ~ ell + meals + mobility, d, link)
  fit_case(k, what, stype ~ api00, d)
}

# classes made of a number, interactions, powers, offsets, subpopulations
d <- designs$strat[[2]]; what <- designs$strat[[1]]
fit_case("strat-interaction", what, stype ~ sch.wide * ell + I(meals^2), d)
fit_case("strat-where", what, stype ~ ell + mobility, d, where = where("meals > 30"))
fit_case("strat-two-levels", what, sch.wide ~ ell + meals + stype, d, svyolr_tolerance = NA)
fit_case("strat-offset", what, stype ~ ell + offset(meals / 50), d, svyolr_tolerance = NA)
fit_case("strat-missing", what, sch.wide ~ acs.k3 + ell, d, svyolr_tolerance = NA)

# ---- replicates ----
r <- as.svrepdesign(designs$clus1[[2]], type = "JK1")
fit_case("jk1", paste(designs$clus1[[1]], "--replicates jk1"), stype ~ ell + mobility, r)
r <- as.svrepdesign(designs$strat[[2]], type = "JKn")
fit_case("jkn", paste(designs$strat[[1]], "--replicates jkn"), stype ~ ell + mobility, r)

# ---- eusilc: many rows, clusters, factors with several levels, missing values ----
e <- read(file.path(root, "eusilc", "eusilc.csv.gz"))
e$hsize3 <- factor(e$hsize)
de <- svydesign(id = ~db030, strata = ~db040, weights = ~rb050, data = e)
what <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
fit_case("eusilc", what, factor(hsize) ~ age + rb090 + pb220a, de)
fit_case("eusilc-probit", what, factor(hsize) ~ age + rb090 + db040, de, "probit")
fit_case("eusilc-where", what, factor(hsize) ~ I(age^2 / 100) + rb090, de, where = where("age > 20"))

# ---- nhanes: two PSUs by stratum ----
n <- read("data/nhanes.csv.gz")
dn <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = n)
what <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
for (link in names(links)) fit_case("nhanes", what, agecat ~ HI_CHOL + race + factor(RIAGENDR), dn, link)
fit_case("nhanes-where", what, agecat ~ HI_CHOL * race, dn, where = where("RIAGENDR = 1", "RIAGENDR == 1"))
fit_case("nhanes-none", what, agecat ~ 1, dn)

write_figures("ordinal.csv", "Newton's method written out in the script; cases ending in -svyolr are R survey's own, as far as its optim() goes (BFGS).")
