# Reference figures for sampling in two phases: simple, stratified, cluster and two-stage first phases; second phases with strata, clusters, sizes and
# probabilities; both methods of R's twophase(); domains; variables that are missing outside the second phase.
#
#   cd tests/reference && Rscript phases.R
#
# writes phases.csv and data/nwtco.csv.gz, data/two-phase.csv.gz.
source("figures.R")
options(warn = -1)
gz <- function(x, path) { con <- gzfile(file.path("data", path), "wb"); write.csv(x, con, row.names = FALSE, na = ""); close(con) }
suppressMessages(library(survival))
# 4.1-1 (and 4.5) looks the sizes of the first phase's strata up by the place of a unit in the sample, not by its row. This hands over the sizes of the
# units themselves, so that strata and PSUs of unequal size can be compared.
covariances <- survey:::Dcheck_subset
assignInNamespace("Dcheck_multi_subset", function(id, strata, subset, probs, withreplacement) {
  if (all(probs == 1) && withreplacement) return(diag(sum(subset)))
  uncorrelated <- matrix(1, sum(subset), sum(subset))
  for (s in seq_len(ncol(id))) {
    size <- ave(as.numeric(factor(id[, s])), as.character(strata[, s]), FUN = function(i) length(unique(i)))
    unit <- which(subset)[!duplicated(id[subset, s])]
    at <- match(id[subset, s], id[unit, s])
    uncorrelated <- uncorrelated * (1 - covariances(as.character(strata[unit, s]), probs[unit, s], size[unit], withreplacement)[at, at])
  }
  1 - uncorrelated
}, "survey")
w <- nwtco
w$sampled <- as.integer(w$in.subcohort | w$rel == 1)
w$central <- ifelse(w$sampled == 1, w$histol, NA)      # read by the central pathologist in the second phase only
w$age <- w$age / 12
w <- w[c("seqno", "instit", "central", "stage", "study", "rel", "edrel", "age", "sampled")]
gz(w, "nwtco.csv.gz")
w <- read("data/nwtco.csv.gz")
w$sub <- w$sampled == 1

# Two stages of a first phase, strata of both, and second phases of several kinds.
set.seed(20240502)
a <- do.call(rbind, lapply(1:4, function(h) do.call(rbind, lapply(1:c(6, 5, 8, 6)[h], function(i) {
  m <- sample(4:9, 1)
  data.frame(h = h, N1 = c(20, 40, 25, 60)[h], psu = 10 * h + i, n2 = m + sample(2:9, 1), y = round(rnorm(m, 30 + 4 * h + rnorm(1, 0, 3), 6), 2),
             x = round(rexp(m, .1) + 4, 2), k = sample(c("low", "high"), m, TRUE))
}))))
a$id <- seq_len(nrow(a))
a$g <- sample(c("m", "f"), nrow(a), TRUE)
a$N <- 900
a$two <- 0
for (s in unique(a$k)) { i <- which(a$k == s); a$two[sample(i, round(length(i) * c(low = .4, high = .7)[s]))] <- 1 }
a$fraction2 <- ave(a$two, a$k)
# of every PSU half of the rows; and whole PSUs
a$inside <- 0
for (s in unique(a$psu)) { i <- which(a$psu == s); a$inside[sample(i, ceiling(length(i) / 2))] <- 1 }
a$whole <- as.integer(a$psu %% 10 %in% c(1, 3, 4, 6))
a$p <- round(runif(nrow(a), .3, .9), 3)
a$z <- ifelse(a$two == 1, round(a$y + a$x, 1), NA)
a$w <- ave(a$id, a$h, FUN = function(i) 12)
a$one <- as.character(a$k)
a$one[c(which(a$two == 1)[1], which(a$two == 0)[1])] <- "single"      # one of two in the second phase
gz(a, "two-phase.csv.gz")
a <- read("data/two-phase.csv.gz")
for (v in c("two", "inside", "whole")) a[[paste0(v, "_")]] <- a[[v]] == 1

# A method of [ is missing from the search path, so domains are made by its own name.
part <- function(d, rows) getFromNamespace(if (inherits(d, "twophase2")) "[.twophase2" else "[.twophase", "survey")(d, rows[d$subset])
all_of <- function(case, what, d, y, ratio, by, totals = TRUE, domain.totals = TRUE, domains = TRUE) {
  data <- d$phase1$full$variables
  one <- function(command, key, m) { put(case, command, key, "estimate", unname(coef(m))[1]); put(case, command, key, "se", unname(SE(m))[1]) }
  for (v in y) {
    if (totals) one(paste("total", v, what), "", svytotal(reformulate(v), d))
    one(paste("mean", v, what), "", svymean(reformulate(v), d))
    put(case, paste("mean", v, what), "", "df", degf(d))
  }
  r <- svyratio(reformulate(ratio[1]), reformulate(ratio[2]), d)
  put(case, paste("ratio", paste(ratio, collapse = "/"), what), "", "estimate", r$ratio[1])
  put(case, paste("ratio", paste(ratio, collapse = "/"), what), "", "se", sqrt(r$var[1]))
  if (domains) for (l in unique(as.character(data[[by]]))) {
    s <- part(d, data[[by]] == l)
    one(paste("mean", y[1], what, "--by", by), sprintf("%s=%s", by, l), svymean(reformulate(y[1]), s))
    if (domain.totals) one(paste("total", y[1], what, "--by", by), sprintf("%s=%s", by, l), svytotal(reformulate(y[1]), s))
  }
  m <- svymean(reformulate(sprintf("factor(%s)", by)), d)
  for (i in seq_along(coef(m))) {
    key <- sprintf("level=%s", levels(factor(data[[by]]))[i])
    put(case, paste(sprintf("mean 'factor(%s)'", by), what), key, "estimate", coef(m)[i])
    put(case, paste(sprintf("mean 'factor(%s)'", by), what), key, "se", SE(m)[i])
  }
}
# ---- Wilms tumour: everybody, then relapses and a subcohort ----
file <- "--data tests/reference/data/nwtco.csv.gz"
for (m in c("full", "approx", "simple")) {
  d <- twophase(id = list(~seqno, ~seqno), strata = list(NULL, ~rel), subset = ~sub, data = w, method = m)
  g <- svyglm(age ~ stage, d)
  for (k in 1:2) {
    command <- paste("regress 'age ~ stage'", file, "--phase2 sampled --phase2-strata rel --phase2-method", m)
    key <- sprintf("term=%s", names(coef(g))[k])
    put("model", command, key, "estimate", coef(g)[k]); put("model", command, key, "se", SE(g)[k])
  }
  all_of("nwtco", paste(file, "--phase2 sampled --phase2-strata rel --phase2-method", m), d, c("age", "central"), c("central", "age"), "stage", domain.totals = m == "full")
}
# Breslow and Chatterjee's kind of model: logistic, converged.
d <- twophase(id = list(~seqno, ~seqno), strata = list(NULL, ~rel), subset = ~sub, data = w)
b <- suppressWarnings(svyglm(rel ~ factor(stage) + central + age, d, family = quasibinomial, epsilon = 1e-14))
b <- suppressWarnings(svyglm(rel ~ factor(stage) + central + age, d, family = quasibinomial, epsilon = 1e-16, start = coef(b)))
command <- paste("regress 'rel ~ factor(stage) + central + age' --family binomial", file, "--phase2 sampled --phase2-strata rel")
terms <- c("(Intercept)", "factor(stage): 2", "factor(stage): 3", "factor(stage): 4", "central", "age")
for (k in seq_along(terms)) {
  put("logistic", command, paste0("term=", terms[k]), "estimate", coef(b)[k], 1e-9); put("logistic", command, paste0("term=", terms[k]), "se", SE(b)[k], 1e-8)
}
# ---- first phases of several kinds, second phase stratified ----
file <- "--data tests/reference/data/two-phase.csv.gz"
kinds <- list(
  "--fpc N" = list(~id, NULL, ~N),
  "--clusters psu" = list(~psu, NULL, NULL),
  "--strata h --clusters psu --fpc N1" = list(~psu, ~h, ~N1),
  "--strata h --clusters psu,id --fpc N1,n2" = list(~psu + id, ~h, ~N1 + n2))
seconds <- list(
  "--phase2 two --phase2-strata k" = list(~id, ~k, NULL, NULL, ~two_),
  "--phase2 two --phase2-strata k --phase2-fpc fraction2" = list(~id, ~k, ~fraction2, NULL, ~two_),
  "--phase2 two" = list(~id, NULL, NULL, NULL, ~two_),
  "--phase2 inside --phase2-strata psu" = list(~id, ~psu, NULL, NULL, ~inside_),
  "--phase2 whole --phase2-clusters psu" = list(~psu, NULL, NULL, NULL, ~whole_),
  "--phase2 whole --phase2-strata h --phase2-clusters psu" = list(~psu, ~h, NULL, NULL, ~whole_),
  "--phase2 two --phase2-strata k --phase2-probs p" = list(~id, ~k, NULL, ~p, ~two_))
for (k in names(kinds)) for (s in names(seconds)) for (m in c("full", "approx")) {
  f <- kinds[[k]]; g <- seconds[[s]]
  if (m == "approx" && grepl("n2", k)) next
  fpc <- if (is.null(f[[3]]) && is.null(g[[3]])) NULL else list(f[[3]], g[[3]])
  probs <- if (is.null(g[[4]])) NULL else list(NULL, g[[4]])
  d <- twophase(id = list(f[[1]], g[[1]]), strata = list(f[[2]], g[[2]]), fpc = fpc, probs = probs, subset = g[[5]], data = a, method = m)
  # approx in a domain: 4.1-1 gives PSUs without rows in it the second-phase probability 1, and the others that of their first row in it
  all_of("first phases", paste(file, k, s, "--phase2-method", m), d, c("y", "x"), c("y", "x"), "g", domain.totals = m == "full", domains = m == "full" || k == "--fpc N")
}
d <- twophase(id = list(~id, ~id), strata = list(~h, ~k), weights = list(~w, NULL), subset = ~two_, data = a, method = "approx")
all_of("weights", paste(file, "--weights w --strata h --phase2 two --phase2-strata k --phase2-method approx"), d, c("y", "z"), c("y", "z"), "g", domains = FALSE)
d <- twophase(id = list(~id, ~id), probs = list(~p, NULL), strata = list(NULL, ~k), subset = ~two_, data = transform(a, p = 1 / w))
all_of("weights", paste(file, "--weights w --phase2 two --phase2-strata k"), d, c("y", "z"), c("y", "z"), "g")
# ---- a lonely stratum of the second phase ----
for (rule in c("remove", "average", "adjust")) {
  options(survey.lonely.psu = rule)
  d <- twophase(id = list(~id, ~id), strata = list(NULL, ~one), fpc = list(~N, NULL), subset = ~two_, data = a, method = "approx")
  command <- paste("mean y", file, "--fpc N --phase2 two --phase2-strata one --phase2-method approx --lonely-psu", rule)
  put("lonely", command, "", "estimate", coef(svymean(~y, d)))
  if (rule != "adjust") put("lonely", command, "", "se", unname(SE(svymean(~y, d))))
}
options(survey.lonely.psu = "fail")
# ---- two stages as two phases (Saerndal, Swensson & Wretman's municipalities) ----
data(mu284)
m <- mu284[c(1:15, rep(1:5, mu284$n2[1:5] - 3)), ]
m$id <- seq_len(nrow(m)); m$sub <- rep(c(TRUE, FALSE), c(15, nrow(m) - 15)); m$second <- as.integer(m$sub)
gz(m, "two-phase-mu284.csv.gz")
d <- twophase(id = list(~id1, ~id), strata = list(NULL, ~id1), fpc = list(~n1, NULL), data = m, subset = ~sub)
for (f in c("total", "mean")) {
  v <- (if (f == "total") svytotal else svymean)(~y1, d)
  command <- paste(f, "y1 --data tests/reference/data/two-phase-mu284.csv.gz --clusters id1 --fpc n1 --phase2 second --phase2-strata id1")
  put("mu284", command, "", "estimate", coef(v)); put("mu284", command, "", "se", unname(SE(v)))
}
write_figures("phases.csv", "Sizes of the first phase's strata are taken from the right rows (full).")
