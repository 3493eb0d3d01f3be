# Reference figures for variances, covariances, standard deviations and correlations.
#
#   cd tests/reference && Rscript moments.R
#
# writes moments.csv; uses data/apiclus1-jk1.csv.gz and data/ties.csv.gz, which quantiles.R writes.
source("figures.R")
options(warn = -1)

# Rows on which nothing is missing, dropped before svyvar(): its n then is that of 4.2 and later (4.1-1 counts incomplete rows too).
complete <- function(d, vars) d[complete.cases(d$variables[vars]), ]
key_of <- function(name, by, g) paste(c(paste0("variable=", name), if (!is.null(by)) paste0(by, "=", strsplit(g$key, "|", fixed = TRUE)[[1]])), collapse = ";")
figure <- function(case, command, key, est, se, level, df, n) {
  q <- if (is.finite(df)) qt(1 - (1 - level) / 2, df) else qnorm(1 - (1 - level) / 2)
  put(case, command, key, "estimate", est)
  put(case, command, key, "se", se)
  put(case, command, key, "ci_lower", est - q * se)
  put(case, command, key, "ci_upper", est + q * se)
  put(case, command, key, "n", n)
}
# Second moments of one domain: estimates and their covariance matrix, named a:b.
second <- function(s, vars) {
  v <- svyvar(as.formula(paste("~", paste(vars, collapse = "+"))), s)
  names_ <- outer(vars, vars, function(a, b) ifelse(a == b, a, paste(a, b, sep = ":")))
  est <- as.vector(unclass(v))
  var <- attr(v, "var")
  if (length(vars) == 1) var <- matrix(var, 1, 1)
  names(est) <- as.vector(names_)
  list(est = est[seq_along(est)], var = as.matrix(var))
}
moments <- function(case, options_, d, vars, by = NULL, level = .95, design.df = FALSE) {
  extra <- paste0(if (!is.null(by)) paste(" --by", paste(by, collapse = ",")), if (level != .95) paste(" --level", level), if (design.df) " --df design")
  variance <- paste0("variance ", paste(vars, collapse = " "), " ", options_, extra)
  sd <- paste0("variance ", paste(vars, collapse = " "), " --sd ", options_, extra)
  correlation <- paste0("correlation ", paste(vars, collapse = " "), " ", options_, extra)
  for (g in domains(d, by, NULL)) {
    whole <- d[g$rows, ]
    s <- complete(whole, vars)
    n <- sum(weights(s, "sampling") != 0)
    df <- if (design.df) degf(whole) else Inf
    m <- second(s, vars)
    se <- sqrt(diag(m$var))
    k <- length(vars)
    for (i in seq_len(k)) for (j in i:k) {
      at <- (j - 1) * k + i
      if (is.null(m$est[at])) next
      name <- if (i == j) vars[i] else paste(vars[i], vars[j], sep = ":")
      figure(case, variance, key_of(name, by, g), m$est[at], se[at], level, df, n)
      if (i == j) {
        e <- sqrt(m$est[at])
        if (is.null(s$repweights)) figure(case, sd, key_of(name, by, g), e, se[at] / (2 * e), level, df, n)
        next
      }
      at <- c((j - 1) * k + i, (i - 1) * k + i, (j - 1) * k + j)
      r <- m$est[at[1]] / sqrt(m$est[at[2]] * m$est[at[3]])
      if (is.null(s$repweights)) {
        grad <- c(1 / sqrt(m$est[at[2]] * m$est[at[3]]), -r / (2 * m$est[at[2]]), -r / (2 * m$est[at[3]]))
        ser <- sqrt(drop(grad %*% m$var[at, at] %*% grad))
      } else {
        cr <- withReplicates(s, function(w, data) cov.wt(data[c(vars[i], vars[j])], wt = w, cor = TRUE)$cor[1, 2])
        ser <- SE(cr)
      }
      figure(case, correlation, key_of(name, by, g), r, ser, level, df, n)
      q <- if (is.finite(df)) qt(1 - (1 - level) / 2, df) else qnorm(1 - (1 - level) / 2)
      fisher <- paste(correlation, "--ci fisher")
      put(case, fisher, key_of(name, by, g), "ci_lower", tanh(atanh(r) - q * ser / (1 - r^2)))
      put(case, fisher, key_of(name, by, g), "ci_upper", tanh(atanh(r) + q * ser / (1 - r^2)))
    }
  }
}

data(api)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
o <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
moments("apistrat", o, strat, "api00")
moments("apistrat", o, strat, c("api00", "api99", "meals"), by = "stype")
moments("apistrat", o, strat, c("enroll", "ell"), level = .9, design.df = TRUE)
moments("apistrat", o, strat, c("api00", "acs.46"), by = "awards")
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
moments("apiclus1", "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc", clus1, c("api00", "enroll", "acs.k3"))
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)
moments("apiclus2", "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2", clus2, c("api00", "enroll"), by = "stype")
nh <- read.csv(gzfile("data/ties.csv.gz"), na.strings = "", stringsAsFactors = TRUE)
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
moments("nhanes", "--data tests/reference/data/ties.csv.gz --weights WTMEC2YR --clusters SDMVPSU --strata SDMVSTRA --nest", d, c("HI_CHOL", "key", "RIAGENDR"), by = "race")
equal <- read.csv(gzfile("data/equal.csv.gz"))
d <- svydesign(id = ~1, strata = ~h, weights = ~w, data = equal)
moments("equal", "--data tests/reference/data/equal.csv.gz --weights w --strata h", d, "x", by = "g")
rclus <- read.csv(gzfile("data/apiclus1-jk1.csv.gz"), stringsAsFactors = TRUE)
cw <- as.matrix(rclus[grep("^jk", names(rclus))])
d <- svrepdesign(data = rclus, type = "JK1", repweights = cw, weights = ~pw, scale = 14 / 15, combined.weights = TRUE)
moments("apiclus1_jk1", paste("--data tests/reference/data/apiclus1-jk1.csv.gz --weights pw --replicates 'jk*' --scale", num(14 / 15)), d, c("api00", "meals", "acs.k3"))
write_figures("moments.csv", "n of a variance is that of 4.2 and later.")
