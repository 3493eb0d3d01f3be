# What tests_tables.R, tests_groups.R and tests_random.R share: a test of R survey becomes rows of figures.
source("figures.R")
suppressMessages(library(survival))
invisible(Sys.setlocale("LC_COLLATE", "C"))
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

t_row <- function(case, command, test, by, estimate, se, df, null = 0) {
  key <- keyed(test, by)
  tolerance <- if (abs(estimate - null) < 1e-13 * se) "+1e-12" else 1e-10     # nothing but rounding
  put(case, command, key, "statistic", (estimate - null) / se, tolerance)
  put(case, command, key, "ddf", df)
  put(case, command, key, "p_value", 2 * pt(-abs((estimate - null) / se), df))
  put(case, command, key, "estimate", estimate, tolerance)
  put(case, command, key, "se", se)
  put(case, command, key, "ci_lower", estimate - qt(.975, df) * se)
  put(case, command, key, "ci_upper", estimate + qt(.975, df) * se)
}
each <- function(command, d, by, where, r, f) {
  if (!is.null(where)) { command <- sprintf("%s --where '%s'", command, where); k <- eval(r, d$variables); d <- d[k & !is.na(k), ] }
  if (is.null(by)) return(f(command, d, NULL))
  v <- d$variables[[by]]
  for (l in sort(unique(as.character(v[!is.na(v)])))) f(paste(command, "--by", by), d[!is.na(v) & v == l, ], setNames(list(l), by))
}

# ---- t ----
one_sample <- function(case, options, d, y, wy = y, mu = 0, by = NULL, where = NULL, r = NULL)
  each(paste0("test '", wy, " ~ 0' ", options, if (mu != 0) paste(" --mu", mu)), d, by, where, r, function(command, d, by) {
    t <- svyttest(as.formula(paste(y, "~ 0")), d, na.rm = TRUE)
    t_row(case, command, "t", by, t$estimate[[1]], t$estimate[[1]] / t$statistic[[1]], t$parameter[[1]], mu)
  })
two_groups <- function(case, options, d, y, g, wg = g, by = NULL, where = NULL, r = NULL)
  each(paste0("test '", y, " ~ ", wg, "' ", options), d, by, where, r, function(command, d, by) {
    d$variables[[g]] <- droplevels(factor(d$variables[[g]]))
    t <- svyttest(as.formula(paste(y, "~", g)), d)
    t_row(case, command, "t", by, t$estimate[[1]], t$estimate[[1]] / t$statistic[[1]], t$parameter[[1]])
  })

# ---- ranks ----
KINDS <- c(wilcoxon = "wilcoxon", vanderwaerden = "vanderWaerden", median = "median", kruskal = "KruskalWallis")
ranks <- function(case, options, d, y, g, wg = g, by = NULL, where = NULL, r = NULL)
  for (kind in names(KINDS)) each(paste0("test '", y, " ~ ", wg, "' --kind ", kind, " ", options), d, by, where, r, function(command, d, by) {
    d$variables[[g]] <- droplevels(factor(d$variables[[g]]))
    f <- as.formula(paste(y, "~", g))
    if (nlevels(d$variables[[g]]) == 2) {
      t <- svyranktest(f, d, test = KINDS[[kind]])
      return(t_row(case, command, kind, by, t$estimate[[1]], t$estimate[[1]] / t$statistic[[1]], t$parameter[[1]]))
    }
    key <- keyed(kind, by)
    t <- svyranktest(f, d, test = KINDS[[kind]])       # its names for the statistic and the degrees of freedom are exchanged
    k <- t$statistic[[1]]
    put(case, command, key, "statistic", t$parameter[[1]] / k)
    put(case, command, key, "ndf", k)
    put(case, command, key, "ddf", t$ddf)
    put(case, command, key, "p_value", t$p.value[[1]])
  })

# ---- log-rank ----
survivals <- function(case, options, d, time, status, g, rho = 0, gamma = 0, by = NULL, where = NULL, r = NULL)
  each(paste0("test 'Surv(", time, ", ", status, ") ~ ", g, "' --kind logrank ", options, if (rho != 0) paste(" --rho", rho),
              if (gamma != 0) paste(" --gamma", gamma)), d, by, where, r, function(command, d, by) {
    f <- as.formula(sprintf("Surv(%s, %s) ~ %s", time, status, g))
    if (is.factor(d$variables[[g]])) d$variables[[g]] <- droplevels(d$variables[[g]])
    l <- svylogrank(f, d, rho = rho, gamma = gamma)
    key <- keyed("logrank", by)
    put(case, command, key, "statistic", l[[2]][[1]])
    put(case, command, key, "ndf", NROW(l[[1]]))
    put(case, command, key, "p_value", l[[2]][[2]])
    if (NROW(l[[1]]) == 1) {
      put(case, command, key, "estimate", l[[1]][1, 1], "1e-9")
      put(case, command, key, "se", l[[1]][1, 2])
    }
  })
