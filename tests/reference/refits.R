# What ordinal.R, multinomial.R and survival.R share: names of terms, the table of a fit, and variances of score influences in any design.
invisible(Sys.setlocale("LC_COLLATE", "C"))    # levels in the order of bytes, as the command sorts them

# From R's names of columns to ours: `sexmale:age` is `sex: male * age`.
term_names <- function(columns, xlevels) {
  if (length(columns) == 0) return(character(0))
  one <- function(part) {
    for (v in names(xlevels)[order(-nchar(names(xlevels)))]) for (l in xlevels[[v]]) if (part == paste0(v, l)) return(paste0(v, ": ", l))
    part
  }
  gsub("`", "", vapply(strsplit(columns, ":", fixed = TRUE), function(p) paste(vapply(p, one, ""), collapse = " * "), ""))
}
# Design variance of influences (one row per row of the design, zeros where it is not used).
influence_variance <- function(d, z) {
  if (inherits(d, "pps")) survey:::ppsvar(z, d) else if (inherits(d, "twophase2")) survey:::twophase2var(z, d) else
    svyrecvar(z, d$cluster, d$strata, d$fpc, postStrata = d$postStrata)
}
# Variance by refitting: `refit` gives coefficients from weights.
refit_variance <- function(d, refit, coef) {
  thetas <- t(apply(weights(d, "analysis"), 2, refit))
  svrVar(thetas, d$scale, d$rscales, mse = d$mse, coef = coef)
}
put_model <- function(case, command, terms, b, V, df, tolerance = 1e-10, level = .95) {
  se <- sqrt(diag(V))
  for (i in seq_along(b)) {
    key <- paste0("term=", terms[i])
    put(case, command, key, "estimate", b[i], tolerance)
    put(case, command, key, "se", se[i], tolerance)
    put(case, command, key, "df", df, tolerance)
    put(case, command, key, "t", b[i] / se[i], max(tolerance, 1e-9))
    put(case, command, key, "ci_upper", b[i] + qnorm(1 - (1 - level) / 2) * se[i], max(tolerance, 1e-9))      # confint() of these models is normal
    if (se[i] > 1e-12) put(case, command, key, "p_value", 2 * pnorm(-abs(b[i] / se[i])), "+1e-9")
    put(case, paste(command, "--distribution t"), key, "ci_lower", b[i] - qt(1 - (1 - level) / 2, df) * se[i], max(tolerance, 1e-9))
  }
}
# Newton's method on a log likelihood whose gradient by row and information are given: until nothing moves.
newton <- function(theta, parts) {
  for (i in 1:100) {
    p <- parts(theta)
    step <- solve(p$information, colSums(p$score))
    scale <- 1
    repeat { q <- parts(theta + scale * step); if (is.finite(q$loglik) && q$loglik >= p$loglik - 1e-9 * abs(p$loglik)) break; scale <- scale / 2 }
    theta <- theta + scale * step
    if (max(abs(step) / (1e-3 + abs(theta))) < 1e-13) break
  }
  c(list(theta = theta), parts(theta))
}
