# Reference figures for strata with one PSU in a domain (R's option survey.adjust.domain.lonely), element and clustered samples, with and without fpc,
# and for every rule of lonely PSUs in domains.
#
#   cd tests/reference && Rscript lonely.R
#
# writes lonely.csv and data/lonely.csv.gz.
source("figures.R")
options(warn = -1)
source("lonely_rule.R")
set.seed(20240503)
a <- do.call(rbind, lapply(1:7, function(h) {
  n <- c(1, 2, 3, 4, 3, 5, 2)[h]
  do.call(rbind, lapply(seq_len(n), function(i) { m <- sample(1:4, 1); data.frame(h = letters[h], psu = 10 * h + i, N = n + c(3, 6, 9, 0, 5, 20, 8)[h], x = round(rnorm(m, 40 + 3 * h, 6), 2)) }))
}))
a$w <- round(rexp(nrow(a), 1 / 20) + 1, 2)
a$y <- round(a$x + rexp(nrow(a)), 2)
a$d <- sample(c("p", "q", "r"), nrow(a), TRUE)
a$d[a$h == "c"] <- c("p", rep("q", sum(a$h == "c") - 1))
con <- gzfile("data/lonely.csv.gz", "wb"); write.csv(a, con, row.names = FALSE); close(con)
a <- read("data/lonely.csv.gz")
kinds <- list("--strata h --clusters psu" = list(~psu, NULL), "--strata h --clusters psu --fpc N" = list(~psu, ~N), "--strata h" = list(~1, NULL))
for (k in names(kinds)) for (rule in c("remove", "adjust", "average", "certainty")) for (domains in c(FALSE, TRUE)) {
  options(survey.lonely.psu = rule, survey.adjust.domain.lonely = domains)
  d <- svydesign(id = kinds[[k]][[1]], strata = ~h, weights = ~w, fpc = kinds[[k]][[2]], data = a)
  what <- paste("--data tests/reference/data/lonely.csv.gz --weights w", k, "--lonely-psu", rule, if (domains) "--lonely-domains")
  one <- function(command, key, m) for (j in seq_along(coef(m))) {
    put("lonely", command, paste0(key, if (nzchar(key)) ";", "variable=", names(coef(m))[j]), "estimate", coef(m)[j])
    put("lonely", command, paste0(key, if (nzchar(key)) ";", "variable=", names(coef(m))[j]), "se", SE(m)[j])
  }
  one(trimws(paste("total y x", what)), "", svytotal(~y + x, d))
  for (l in c("p", "q", "r")) {
    s <- subset(d, d == l)
    one(trimws(paste("total y x", what, "--by d")), paste0("d=", l), svytotal(~y + x, s))
    one(trimws(paste("mean y x", what, "--by d")), paste0("d=", l), svymean(~y + x, s))
    put("lonely", trimws(paste("ratio y/x", what, "--by d")), paste0("d=", l), "se", sqrt(svyratio(~y, ~x, s)$var[1]))
  }
}
write_figures("lonely.csv", "adjust is the rule of 4.2 and later, written out here.")
