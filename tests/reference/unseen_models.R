# Models on made data of awkward shape: columns that nearly depend on each other, columns of one value in a subpopulation, formulas without main effects.
# Run in this folder: Rscript unseen_models.R
#
# A column `near` = x1 + 1e-5 e is fitted by R as e itself, which is well conditioned: coefficient and standard error of `near` are 1e5 times those of e.
source("figures.R")
suppressMessages({ library(survey); library(survival); library(splines) })
source("refits.R")
options(warn = -1)
set.seed(20)
d <- do.call(rbind, lapply(1:4, function(h) do.call(rbind, lapply(1:5, function(j) { m <- sample(6:12, 1)
  data.frame(h = paste0("s", h), psu = h * 100 + j, ssu = 1:m, N1 = 20 + 5 * h, N2 = m + 4 * j, shift = rnorm(1), e = round(rnorm(m), 4)) }))))
n <- nrow(d)
d$w <- round(d$N1 / 5 * d$N2 / ave(d$ssu, d$psu, FUN = length) * runif(n, .6, 1.4), 4)
d$x1 <- round(rnorm(n) + d$shift, 3); d$near <- d$x1 + 1e-5 * d$e; d$k <- sample(0:2, n, TRUE); d$g <- sample(c("a", "b"), n, TRUE)
d$c4 <- sample(c("p", "q", "r", "s"), n, TRUE); d$y <- round(20 + 3 * d$x1 + rnorm(n, sd = 4), 2); d$z <- as.integer(runif(n) < plogis(.5 * d$x1))
d$cnt <- rpois(n, exp(.3 + .3 * d$x1)); d$ans <- sample(c("never", "often", "some"), n, TRUE)
d$ord <- as.character(cut(d$x1 + rlogis(n), c(-Inf, -1, .5, Inf), labels = c("1low", "2mid", "3high")))
d$time <- pmax(1, ceiling(10 * rexp(n, exp(.3 * d$x1)))); d$status <- rbinom(n, 1, .7); d$t0 <- pmax(0, d$time - sample(1:12, n, TRUE)); d$shift <- NULL
d$near <- sprintf("%.9f", d$near)
con <- gzfile("data/unseen-models.csv.gz", "wb"); write.csv(d, con, row.names = FALSE, quote = FALSE); close(con)
d$near <- as.numeric(d$near); d$e <- (d$near - d$x1) * 1e5
for (v in c("g", "c4", "ans", "ord", "h")) d[[v]] <- factor(d[[v]])
DATA <- "--data tests/reference/data/unseen-models.csv.gz --weights w --strata h"
fpc <- svydesign(~psu, strata = ~h, weights = ~w, fpc = ~N1, data = d)
designs <- list(clustered = list(svydesign(~psu, strata = ~h, weights = ~w, data = d), paste(DATA, "--clusters psu")), fpc = list(fpc, paste(DATA, "--clusters psu --fpc N1")),
  stages = list(svydesign(~psu + ssu, strata = ~h, weights = ~w, fpc = ~N1 + N2, data = d), paste(DATA, "--clusters psu,ssu --fpc N1,N2")))

# ---- influences of the models that R survey does not have, or not converged ----
by_differences <- function(score) function(th) {        # Richardson's extrapolation of central differences
  g <- function(t) colSums(score(t))
  H <- sapply(seq_along(th), function(j) { D <- function(h) { s <- replace(0 * th, j, h); (g(th + s) - g(th - s)) / (2 * h) }
    a <- D(4e-3); b <- D(2e-3); c <- D(1e-3); (16 * (4 * c - b) / 3 - (4 * b - a) / 3) / 15 })
  -(H + t(H)) / 2
}
ordinal_parts <- function(X, y, w) function(th) {
  p <- ncol(X); J <- nlevels(y); k <- as.integer(y); eta <- drop(X %*% th[1:p])
  score <- function(th) {
    z <- c(-Inf, th[p + 1:(J - 1)], Inf); eta <- drop(X %*% th[1:p]); u <- z[k + 1] - eta; l <- z[k] - eta; pr <- plogis(u) - plogis(l); fu <- dlogis(u); fl <- dlogis(l)
    cbind(-X * (fu - fl), sapply(1:(J - 1), function(j) (k == j) * fu - (k == j + 1) * fl)) / pr * w
  }
  z <- c(-Inf, th[p + 1:(J - 1)], Inf)
  list(loglik = sum(w * log(plogis(z[k + 1] - eta) - plogis(z[k] - eta))), score = score(th), information = by_differences(score)(th))
}
multinomial_parts <- function(X, y, w) function(th) {
  p <- ncol(X); J <- nlevels(y); E <- exp(X %*% matrix(th, p)); P <- E / (1 + rowSums(E)); Y <- outer(as.integer(y), 2:J, "=="); S <- (Y - P) * w; I <- matrix(0, length(th), length(th))
  for (a in 1:(J - 1)) for (b in 1:(J - 1)) I[(a - 1) * p + 1:p, (b - 1) * p + 1:p] <- crossprod(X * (w * P[, a] * ((a == b) - P[, b])), X)
  list(loglik = sum(w * (rowSums(Y * log(P)) + (rowSums(Y) == 0) * log(1 - rowSums(P)))), score = do.call(cbind, lapply(1:(J - 1), function(j) X * S[, j])), information = I)
}
spread <- function(des, at, score, information) { z <- matrix(0, nrow(des$variables), ncol(score)); z[at, ] <- score %*% solve(information); sqrt(diag(influence_variance(des, z))) }
fit <- function(des, kind, right, at) {
  v <- droplevels(des$variables[at, ]); w <- weights(des)[at]; w <- w / mean(w); f <- as.formula(paste("~", right)); X <- model.matrix(f, v)
  if (kind == "ordinal") { X <- X[, -1, drop = FALSE]; share <- cumsum(tapply(w, v$ord, sum)) / sum(w); m <- newton(c(rep(0, ncol(X)), qlogis(share[-length(share)])), ordinal_parts(X, v$ord, w))
    return(list(names = c(colnames(X), paste0(head(levels(v$ord), -1), "|", levels(v$ord)[-1])), b = m$theta, se = spread(des, at, m$score, m$information))) }
  if (kind == "multinomial") { J <- nlevels(v$ans) - 1; m <- newton(rep(0, J * ncol(X)), multinomial_parts(X, v$ans, w))
    return(list(names = paste0(rep(levels(v$ans)[-1], each = ncol(X)), ": ", colnames(X)), b = m$theta, se = spread(des, at, m$score, m$information))) }
  if (kind %in% c("efron", "breslow")) {
    v$.w <- w; f <- as.formula(paste(if (kind == "efron") "Surv(time, status) ~" else "Surv(t0, time, status) ~", right)); environment(f) <- environment()
    m <- coxph(f, v, weights = .w, ties = kind, control = coxph.control(eps = 1e-11, iter.max = 100)); b <- coef(m)
    for (i in 1:3) { m <- coxph(f, v, weights = .w, ties = kind, init = b, control = coxph.control(iter.max = 0)); b <- b + drop(m$var %*% colSums(as.matrix(resid(m, "score", weighted = TRUE)))) }
    z <- matrix(0, nrow(des$variables), length(b)); z[at, ] <- as.matrix(resid(m, "dfbeta", weighted = TRUE))
    return(list(names = colnames(X)[-1], b = b, se = sqrt(diag(influence_variance(des, z))))) }
  family <- list(gaussian = gaussian(), binomial = quasibinomial(), poisson = quasipoisson())[[kind]]
  f <- as.formula(paste(c(gaussian = "y", binomial = "z", poisson = "cnt")[[kind]], "~", right)); s <- des[at, ]
  m <- svyglm(f, s, family = family, maxit = 100)
  for (i in 1:4) m <- svyglm(f, s, family = family, start = coef(m), epsilon = 1e-16, maxit = 100)
  list(names = names(coef(m)), b = coef(m), se = sqrt(diag(vcov(m))))
}
LEFT <- c(ordinal = "ord", multinomial = "ans", efron = "Surv(time, status)", breslow = "Surv(t0, time, status)", gaussian = "y", binomial = "z", poisson = "cnt")
OPTIONS <- c(ordinal = "--family ordinal", multinomial = "--family multinomial", efron = "--family cox", breslow = "--family cox --ties breslow", gaussian = "--family gaussian",
             binomial = "--family binomial", poisson = "--family poisson")
named <- function(n) {
  n <- gsub("c4([pqrs])", "c4: \\1", gsub("\\bg([ab])\\b", "g: \\1", n)); n <- gsub("factor\\(k\\)([012])", "factor(k): \\1", n)
  head <- ifelse(grepl("^(often|some): ", n), sub("^(often: |some: ).*", "\\1", n), ""); body <- sub("^(ns\\(.*\\))([0-9])$", "\\1: \\2", substring(n, nchar(head) + 1))
  paste0(head, gsub("\r", ": ", gsub(":", " * ", gsub(": ", "\r", body, fixed = TRUE), fixed = TRUE), fixed = TRUE))
}
figure <- function(case, command, names, b, se, tolerance) for (i in seq_along(b)) {
  put(case, command, paste0("term=", named(names[i])), "estimate", b[i], tolerance); put(case, command, paste0("term=", named(names[i])), "se", se[i], tolerance) }
command_of <- function(kind, right, options, more = "") trimws(gsub(" +", " ", paste("regress", paste0("'", LEFT[[kind]], " ~ ", right, "'"), OPTIONS[[kind]], options, more)))

for (kind in names(LEFT)) for (k in names(designs)) {
  des <- designs[[k]][[1]]; options <- designs[[k]][[2]]; all <- seq_len(n)
  m <- fit(des, kind, "x1 + e + c4", all); i <- grep("e$", m$names)            # nearly dependent
  i <- i[sub(".*: ", "", m$names[i]) == "e"]
  figure(paste("near", k), command_of(kind, "x1 + near + c4", options), sub("e$", "near", m$names[i]), m$b[i] * 1e5, m$se[i] * 1e5, 1e-8)
  o <- grep("c4", m$names); figure(paste("near", k), command_of(kind, "x1 + near + c4", options), m$names[o], m$b[o], m$se[o], 1e-9)
  at <- which(d$k == 1); m <- fit(des, kind, "x1 + g", at)                      # k has one value in the subpopulation: it is left out, and nothing else
  figure(paste("constant", k), command_of(kind, "k + x1 + I(2*k) + g", options, "--where 'k = 1'"), m$names, m$b, m$se, 1e-9)
  for (right in c("x1:g + c4", "g:c4", "g:c4:x1", "ns(x1, 3) + factor(k)", "(x1 + g + k)^2", "c4/x1")) {
    if (kind %in% c("ordinal", "efron", "breslow") && right == "g:c4") next      # without its constant the last column depends on the others
    at <- which(d$c4 != "q"); m <- tryCatch(fit(des, kind, right, at), error = function(e) NULL)
    if (is.null(m) || anyNA(m$b) || max(abs(m$b)) > 50) next
    figure(paste("forms", k), command_of(kind, right, options, "--where 'c4 != \"q\"'"), m$names, m$b, m$se, 1e-9)
  }
}
write_figures("unseen_models.csv", "Fits are converged. Cox models by Newton's method on coxph's scores; ordinal and multinomial ones by their own Newton.")
