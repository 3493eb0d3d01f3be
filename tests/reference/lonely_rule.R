# The rule of survey 4.2 and later for `adjust`, put into survey 4.1-1, which centres a lonely PSU on 0: sourced by designs.R, lonely.R and tests_random.R.
# As in survey 4.5: with `adjust` the centre of a lonely stratum is the mean of all PSUs of the stage, also for the zeros of PSUs without rows in the domain.
onestage <- survey:::onestage
later_onestage <- function(x, strata, clusters, nPSU, fpc, lonely.psu = getOption("survey.lonely.psu"), stage = 0, cal) {
  x <- as.matrix(x)
  if (NROW(x) == 0 || lonely.psu != "adjust") return(onestage(x, strata, clusters, nPSU, fpc, lonely.psu = lonely.psu, stage = stage, cal = cal))
  s <- factor(strata)
  middle <- colSums(x) / sum(tapply(nPSU, s, function(n) n[1]))
  v <- matrix(0, ncol(x), ncol(x))
  for (h in levels(s)) {
    k <- which(s == h)
    n <- nPSU[k[1]]
    left <- if (is.null(fpc) || is.infinite(fpc[k[1]])) 1 else (fpc[k[1]] - n) / fpc[k[1]]
    t <- rowsum(x[k, , drop = FALSE], as.character(clusters[k]))
    few <- n == 1 || (nrow(t) == 1 && getOption("survey.adjust.domain.lonely"))
    m <- if (few) middle else colSums(t) / n
    if (left >= 1e-7) v <- v + left * (if (n > 1) n / (n - 1) else 1) * (crossprod(sweep(t, 2, m)) + (n - nrow(t)) * tcrossprod(m))
  }
  v
}
assignInNamespace("onestage", later_onestage, "survey")
