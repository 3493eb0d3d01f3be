# Reference figures for quantiles, second moments and contrasts in designs that are more than stages: calibrated, post-stratified, unequal probabilities,
# two phases.
#
#   cd tests/reference && Rscript estimators.R
#
# writes estimators.csv; uses data of weighting.R, pps.R and phases.R.
source("figures.R")
options(warn = -1)
step <- function(x, w, p) {                        # the rule `math` of 4.2 and later
  k <- w != 0
  q <- survey:::qs(x[k], w[k], p)
  if (q$wlow > 0) q$qup else q$qlow
}
assignInNamespace("qrule_math", step, "survey")

quantiles <- function(case, o, d, var, by = NULL) {
  groups <- if (is.null(by)) "" else levels(factor(d$variables[[by]]))
  for (ci in c("mean", "xlogit")) for (g in groups) {
    s <- if (g == "") d else d[as.character(d$variables[[by]]) == g, ]
    x <- s$variables[[var]]
    command <- paste("quantile", var, o, "--ci", ci, if (!is.null(by)) paste("--by", by))
    for (p in c(.25, .5, .75)) {
      w <- weights(s, "sampling")
      q <- step(x, w, p)
      lim <- survey:::woodruffCI(x, q, p, s, step, .05, degf(s), method = ci)
      key <- paste0("prob=", p, if (g != "") paste0(";", by, "=", g))
      put(case, command, key, "estimate", q)
      put(case, command, key, "ci_lower", lim[1])
      put(case, command, key, "ci_upper", lim[2])
      put(case, command, key, "df", degf(s))
    }
  }
}
# The mean with the means held fixed of products of deviations, n of the positive weights.
moments <- function(case, o, d, a, b) {
  v <- model_of(d)
  n <- sum(weights(d) != 0)
  m <- svymean(as.formula(paste("~", a, "+", b)), d)
  x <- v[[a]] - coef(m)[1]; y <- v[[b]] - coef(m)[2]
  z <- n / (n - 1) * cbind(x * x, y * y, x * y)
  d <- put_in(d, z)
  s <- svymean(~z1 + z2 + z3, d)
  est <- coef(s); se <- SE(s)
  names_ <- c(a, b, paste(a, b, sep = ":"))
  for (i in 1:3) {
    key <- paste0("variable=", names_[i])
    put(case, paste("variance", a, b, o), key, "estimate", est[i])
    put(case, paste("variance", a, b, o), key, "se", se[i])
  }
  r <- svycontrast(structure(est, names = c("p", "q", "r"), var = structure(as.matrix(vcov(s)), dimnames = list(c("p", "q", "r"), c("p", "q", "r"))), class = "svystat"),
                   quote(r / sqrt(p * q)))
  key <- paste0("variable=", names_[3])
  put(case, paste("correlation", a, b, o), key, "estimate", coef(r))
  put(case, paste("correlation", a, b, o), key, "se", SE(r))
}
model_of <- function(d) if (inherits(d, "twophase") || inherits(d, "twophase2")) d$phase1$full$variables[d$subset, ] else d$variables
put_in <- function(d, z) {
  if (!inherits(d, "twophase") && !inherits(d, "twophase2")) { d$variables[c("z1", "z2", "z3")] <- as.data.frame(z); return(d) }
  full <- matrix(0, nrow(d$phase1$full$variables), 3)
  full[d$subset, ] <- z
  d$phase1$full$variables[c("z1", "z2", "z3")] <- as.data.frame(full)
  d$phase1$sample$variables[c("z1", "z2", "z3")] <- as.data.frame(z)
  d
}
# Means of two levels of a factor, as ratios of totals of products: their covariance needs no svyby().
contrast <- function(case, o, d, var, by, first, second) {
  v <- model_of(d)
  i <- as.numeric(v[[by]] == first); j <- as.numeric(v[[by]] == second)
  w <- weights(d)
  m1 <- sum(w * i * v[[var]]) / sum(w * i); m2 <- sum(w * j * v[[var]]) / sum(w * j)
  z <- cbind(i * (v[[var]] - m1) / sum(w * i), j * (v[[var]] - m2) / sum(w * j), 0)
  V <- as.matrix(vcov(svytotal(~z1 + z2, put_in(d, z))))
  expr <- paste0(c("`", "`"), c(first, second), c("`", "`"))
  put_one <- function(e, est, g) {
    command <- paste("contrast", shQuote(e), o, "--variables", var, "--by", by)
    put(case, command, "", "estimate", est)
    put(case, command, "", "se", sqrt(drop(g %*% V %*% g)))
  }
  put_one(paste0("`", first, "` - `", second, "`"), m1 - m2, c(1, -1))
  put_one(paste0("log(`", first, "` / `", second, "`)"), log(m1 / m2), c(1 / m1, -1 / m2))
}

clus1 <- read(file.path(root, "api/apiclus1.csv"))
d <- svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1)
pop <- read("data/weighting-stype.csv")
names(pop)[2] <- "Freq"
o <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc --calibrate tests/reference/data/weighting-stype.csv"
greg <- calibrate(d, ~stype, setNames(c(sum(pop$Freq), pop$Freq[-1]), c("(Intercept)", "stypeH", "stypeM")))
for (k in c("", " --calibrate-method poststratify")) {
  post <- if (k == "") greg else postStratify(d, ~stype, pop)
  quantiles(paste0("calibrated", k), paste0(o, k), post, "api00")
  quantiles(paste0("calibrated", k), paste0(o, k), post, "enroll", by = "awards")
  moments(paste0("calibrated", k), paste0(o, k), post, "api00", "enroll")
  contrast(paste0("calibrated", k), paste0(o, k), post, "api00", "awards", "Yes", "No")
}

e <- read("data/election.csv.gz")
for (k in c("--pps brewer", "--pps hr --pps-variance yg", "--pps overton")) {
  o <- paste("--data tests/reference/data/election.csv.gz --fpc p", k)
  d <- switch(k, "--pps brewer" = svydesign(id = ~1, fpc = ~p, data = e, pps = "brewer"), "--pps overton" = svydesign(id = ~1, fpc = ~p, data = e, pps = "overton"),
              svydesign(id = ~1, fpc = ~p, data = e, pps = HR(), variance = "YG"))
  quantiles(k, o, d, "Bush")
  moments(k, o, d, "Bush", "Kerry")
  contrast(k, o, d, "Bush", "big", sort(unique(as.character(e$big)))[1], sort(unique(as.character(e$big)))[2])
}

w <- read("data/nwtco.csv.gz")
w$sub <- w$sampled == 1
for (m in c("full", "approx")) {
  d <- twophase(id = list(~seqno, ~seqno), strata = list(NULL, ~rel), subset = ~sub, data = w, method = m)
  o <- paste("--data tests/reference/data/nwtco.csv.gz --phase2 sampled --phase2-strata rel --phase2-method", m)
  moments(paste("two-phase", m), o, d, "age", "stage")
  contrast(paste("two-phase", m), o, d, "age", "stage", "1", "4")
}
write_figures("estimators.csv", "Calibration converged; quantiles with the comparison of 4.2 and later.")
