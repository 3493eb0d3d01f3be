# Reference figures for Bell-McCaffrey standard errors and degrees of freedom of means and shares: the definition written out with matrices of the size
# of the data, and its variance by R survey. (svyglm(std.errors = "Bell-McCaffrey") is in survey 4.5; 4.1-1 does not have it.)
#
#   cd tests/reference && Rscript bell-mccaffrey.R
#
# writes bell-mccaffrey.csv.
source("figures.R")
options(warn = -1)

# Symmetric root of the inverse of a symmetric matrix.
inverse_root <- function(m) { e <- eigen(m, symmetric = TRUE); e$vectors %*% (t(e$vectors) / sqrt(e$values)) }
bell <- function(d, y, exchangeable, rows = TRUE) {
  used <- which(!is.na(y) & rows)        # rows outside the domain have no influence
  y <- y[used]; w <- 1 / d$prob[used]; n <- length(y)
  psu <- factor(d$cluster[used, 1])
  mean <- sum(w * y) / sum(w)
  hat <- matrix(1 / n, n, n)
  r <- y - mean
  G <- matrix(0, n, nlevels(psu))
  for (i in seq_len(nlevels(psu))) {
    k <- which(as.integer(psu) == i)
    A <- inverse_root(diag(length(k)) - hat[k, k, drop = FALSE])
    r[k] <- A %*% r[k]
    G[, i] <- ((diag(n) - hat)[, k, drop = FALSE] %*% A %*% rep(1 / n, length(k)))
  }
  V <- diag(n)
  if (exchangeable) {
    same <- outer(psu, psu, "==")
    V <- ifelse(same, (sum(rowsum(r, psu)^2) - sum(r^2)) / (sum(same) - n), 0)
    diag(V) <- sum(r^2) / n
  }
  z <- numeric(nrow(d$cluster))
  z[used] <- w * r / sum(w)
  M <- t(G) %*% V %*% G
  list(mean = mean, se = sqrt(drop(survey:::svyrecvar(z, d$cluster, d$strata, d$fpc))), df = sum(diag(M))^2 / sum(M * M))
}
figures_of <- function(case, command, key, d, y, rows = TRUE) for (e in c(FALSE, TRUE)) {
  b <- bell(d, y, e, rows)
  command2 <- paste(command, "--se", if (e) "bell-mccaffrey-2" else "bell-mccaffrey")
  put(case, command2, key, "estimate", b$mean); put(case, command2, key, "se", b$se); put(case, command2, key, "df", b$df)
  put(case, command2, key, "ci_lower", b$mean - qt(.975, b$df) * b$se); put(case, command2, key, "ci_upper", b$mean + qt(.975, b$df) * b$se)
}
of <- function(case, options, d, y, f, by) {
  v <- d$variables
  for (k in y) {
    figures_of(case, paste("mean", k, options), "", d, v[[k]])
    for (l in unique(as.character(v[[by]]))) figures_of(case, paste("mean", k, options, "--by", by), sprintf("%s=%s", by, l), d, v[[k]], v[[by]] == l)
  }
  for (l in levels(factor(v[[f]]))) figures_of(case, sprintf("mean 'factor(%s)' %s", f, options), sprintf("level=%s", l), d, as.numeric(v[[f]] == l))
}
clus1 <- read(file.path(root, "api/apiclus1.csv")); clus2 <- read(file.path(root, "api/apiclus2.csv")); strat <- read(file.path(root, "api/apistrat.csv"))
of("clusters", "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc", svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
   c("api00", "enroll"), "stype", "stype")
of("stages", "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2", svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = clus2),
   c("api00", "enroll"), "stype", "stype")
strat <- strat[strat$api00 > 500, ]
u <- read("data/unequal.csv.gz")
of("strata", "--data tests/reference/data/unequal.csv.gz --strata h --clusters psu", svydesign(id = ~psu, strata = ~h, weights = ~1, data = u), c("y", "x"), "g", "g")
u$w <- 1 / u$p
of("probabilities", "--data tests/reference/data/unequal.csv.gz --strata h --clusters psu --fpc p --pps brewer",
   svydesign(id = ~psu, strata = ~h, fpc = ~p, pps = "brewer", data = u), c("x"), "g", "g")
one <- read("data/unequal-units.csv.gz")
command <- "mean x --data tests/reference/data/unequal-units.csv.gz --strata h --fpc p --pps brewer --se bell-mccaffrey"
b <- bell(svydesign(id = ~1, strata = ~h, fpc = ~p, pps = "brewer", data = one), one$x, FALSE)
put("elements", command, "", "se", b$se); put("elements", command, "", "df", b$df)
write_figures("bell-mccaffrey.csv", "The definition is written out here.")
