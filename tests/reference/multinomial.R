# Reference figures for multinomial regression: Newton's method on the weighted likelihood with R survey's variance of its influences, and nnet::multinom
# (run to the end of what its optimiser can do) for the coefficients.
#
#   cd tests/reference && Rscript multinomial.R
#
# writes multinomial.csv.
source("figures.R")
source("refits.R")
suppressMessages(library(nnet))
options(warn = -1)

# Parameters level by level, without the first.
multinomial_parts <- function(theta, x, y, w, K) {
  p <- ncol(x)
  eta <- x %*% matrix(theta, p)
  top <- pmax(0, apply(eta, 1, max))
  e <- exp(cbind(0, eta) - top)
  pr <- (e / rowSums(e))[, -1, drop = FALSE]
  Y <- outer(y, 2:K, "==")
  score <- do.call(cbind, lapply(seq_len(K - 1), function(l) x * (w * (Y[, l] - pr[, l]))))
  H <- matrix(0, p * (K - 1), p * (K - 1))
  for (l in seq_len(K - 1)) for (m in seq_len(K - 1))
    H[(l - 1) * p + 1:p, (m - 1) * p + 1:p] <- crossprod(x, x * (w * pr[, l] * ((l == m) - pr[, m])))
  list(loglik = sum(w * (rowSums(Y * eta) - top - log(rowSums(e)))), score = score, information = H)
}
fit_case <- function(case, what, formula, d, where = NULL, nnet_tolerance = 1e-5, text = deparse(formula, width.cutoff = 500)) {
  s <- if (is.null(where)) d else subset(d, eval(where, d$variables))
  mf <- droplevels(model.frame(formula, model.frame(s), na.action = na.omit))
  drop <- attr(mf, "na.action")
  if (length(drop)) s <- s[-drop, ]
  pw <- weights(s, "sampling")
  y <- factor(model.response(mf))
  x <- model.matrix(attr(mf, "terms"), mf)
  K <- nlevels(y); p <- ncol(x)
  size <- apply(abs(x), 2, max); xs <- sweep(x, 2, size, "/")
  solve_with <- function(w, from) newton(from, function(t) multinomial_parts(t, xs, as.integer(y), w / mean(w), K))
  n <- solve_with(pw, rep(0, p * (K - 1)))
  V <- if (inherits(s, "svyrep.design")) refit_variance(s, function(w) solve_with(w, n$theta)$theta, n$theta) else
    influence_variance(s, n$score %*% solve(n$information))
  back <- rep(1 / size, K - 1)
  b <- n$theta * back; V <- V * outer(back, back)
  names <- paste0(rep(levels(y)[-1], each = p), ": ", term_names(colnames(x), .getXlevels(attr(mf, "terms"), mf)))
  command <- paste0("regress '", text, "' --family multinomial", if (!is.null(where)) paste0(" --where '", attr(where, "text"), "'"), " ", what)
  put_model(case, command, names, b, V, degf(s) + 1 - p)
  if (!inherits(s, "svyrep.design")) {
    frame <- data.frame(y = y, x, check.names = FALSE)
    m <- multinom(y ~ xs - 1, weights = pw / mean(pw), trace = FALSE, maxit = 10000, abstol = 1e-14, reltol = 1e-16)
    cm <- as.vector(t(matrix(coef(m), K - 1))) * back
    for (i in seq_along(b)) put(paste0(case, "-nnet"), command, paste0("term=", names[i]), "estimate", cm[i], if (abs(cm[i] - b[i]) < nnet_tolerance * abs(b[i])) nnet_tolerance else 1e-3)
  }
}
where <- function(text, r = text) structure(parse(text = r)[[1]], text = text)
api <- function(f) read(file.path(root, "api", f))
designs <- list(
  strat = list("--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc", svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = api("apistrat.csv"))),
  clus1 = list("--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc", svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = api("apiclus1.csv"))),
  clus2 = list("--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2", svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = api("apiclus2.csv"))))
for (k in names(designs)) {
  fit_case(k, designs[[k]][[1]], stype ~ ell + meals + mobility, designs[[k]][[2]])
  fit_case(k, designs[[k]][[1]], stype ~ api00 + I(api00^2 / 1000), designs[[k]][[2]])
  fit_case(k, designs[[k]][[1]], awards ~ ell + stype, designs[[k]][[2]])
}
d <- designs$strat[[2]]; what <- designs$strat[[1]]
fit_case("strat-where", what, stype ~ ell + mobility, d, where = where("meals > 30"))
fit_case("strat-no-intercept", what, stype ~ ell + sch.wide - 1, d)
fit_case("strat-constant", what, stype ~ 1, d)
fit_case("jk1", paste(designs$clus1[[1]], "--replicates jk1"), stype ~ ell + mobility, as.svrepdesign(designs$clus1[[2]], type = "JK1"))
fit_case("jkn", paste(what, "--replicates jkn"), stype ~ ell + mobility, as.svrepdesign(d, type = "JKn"))
e <- read(file.path(root, "eusilc", "eusilc.csv.gz"))
de <- svydesign(id = ~db030, strata = ~db040, weights = ~rb050, data = e)
what <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
fit_case("eusilc", what, pb220a ~ age + rb090 + hsize, de)
fit_case("eusilc", what, factor(pl030) ~ age + rb090, de)
fit_case("eusilc-where", what, pb220a ~ age * rb090, de, where = where("age > 20"))
n <- read("data/nhanes.csv.gz")
dn <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = n)
what <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
fit_case("nhanes", what, race ~ HI_CHOL + agecat, dn)
fit_case("nhanes", what, agecat ~ HI_CHOL * factor(RIAGENDR) + race, dn)
write_figures("multinomial.csv", "Newton's method written out in the script; cases ending in -nnet: nnet::multinom.")
