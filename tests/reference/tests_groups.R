# Reference figures for tests of groups: svyttest (one sample, pairs, two groups), svyranktest in its four kinds with two and more groups, svylogrank with
# its weights; over stratified, clustered, two-stage and replicate designs, subpopulations, domains, missing values and ties.
#
#   cd tests/reference && Rscript tests_groups.R
#
# writes tests_groups.csv and data/survival.csv.gz (rectal cancer: survival::colon with clusters and strata drawn here).
source("tests_figures.R")

# ---- api ----
source("api_samples.R")
some <- quote(api99 > 500 & api99 < 800)
w_some <- "api99 > 500 and api99 < 800"

one_sample("strat, one sample", o_strat, d_strat, "api00", mu = 650)
one_sample("strat, pairs", o_strat, d_strat, "I(api00 - api99)")
one_sample("clus1, pairs", o_clus1, d_clus1, "I(api00 - api99)", mu = 25)
one_sample("clus2, one sample", o_clus2, d_clus2, "api00", mu = 700)
one_sample("strat, missing", o_strat, d_strat, "acs.46", mu = 30)
one_sample("strat, subpopulation", o_strat, d_strat, "enroll", mu = 500, where = w_some, r = some)
one_sample("strat, domains", o_strat, d_strat, "api00", by = "sch.wide")
two_groups("strat", o_strat, d_strat, "api00", "comp.imp")
two_groups("strat", o_strat, d_strat, "enroll", "yr.rnd")
two_groups("clus1", o_clus1, d_clus1, "api00", "sch.wide")
two_groups("clus2", o_clus2, d_clus2, "api00", "awards")
two_groups("srs", o_srs, d_srs, "ell", "awards")
two_groups("strat, missing", o_strat, d_strat, "acs.46", "comp.imp")
two_groups("strat, two of three", o_strat, d_strat, "api00", "stype", where = 'stype != "H"', r = quote(stype != "H"))
two_groups("clus1, domains", o_clus1, d_clus1, "api00", "awards", by = "stype")
two_groups("strat, subpopulation", o_strat, d_strat, "meals", "awards", where = w_some, r = some)
ranks("strat, two groups", o_strat, d_strat, "api00", "comp.imp")
ranks("clus1, two groups", o_clus1, d_clus1, "ell", "comp.imp")
ranks("clus2, two groups", o_clus2, d_clus2, "enroll", "awards")
ranks("srs, two groups", o_srs, d_srs, "avg.ed", "awards")
ranks("strat, three groups", o_strat, d_strat, "api00", "stype")
ranks("clus1, three groups", o_clus1, d_clus1, "meals", "stype")
ranks("clus2, three groups", o_clus2, d_clus2, "api00", "stype")
ranks("strat, subpopulation", o_strat, d_strat, "enroll", "comp.imp", where = w_some, r = some)
ranks("clus1, domains", o_clus1, d_clus1, "mobility", "awards", by = "stype")
ranks("clus1, number as group", o_clus1, d_clus1, "api00", "acs.46", wg = "factor(acs.46)", where = "acs.46 > 27 and acs.46 < 32",
      r = quote(acs.46 > 27 & acs.46 < 32))

# ---- nhanes: clusters in strata, ties in every rank, missing values ----
nh <- read("data/nhanes.csv.gz")
o_nh <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
d_nh <- svydesign(~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
two_groups("nhanes", o_nh, d_nh, "HI_CHOL", "RIAGENDR")
two_groups("nhanes, domains", o_nh, d_nh, "HI_CHOL", "RIAGENDR", by = "race")
ranks("nhanes, ties", o_nh, d_nh, "HI_CHOL", "RIAGENDR")
ranks("nhanes, four groups", o_nh, d_nh, "HI_CHOL", "agecat")

# ---- eusilc: 9 strata, households as clusters, 14,827 persons ----
eu <- read(file.path(root, "eusilc/eusilc.csv.gz"))
o_eu <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
d_eu <- svydesign(~db030, strata = ~db040, weights = ~rb050, data = eu)
two_groups("eusilc", o_eu, d_eu, "eqIncome", "rb090")
two_groups("eusilc, domains", o_eu, d_eu, "py010n", "rb090", by = "pb220a")
ranks("eusilc, ties and missing", o_eu, d_eu, "py010n", "rb090", where = 'db040 = "Tyrol" or db040 = "Vienna"',
      r = quote(db040 == "Tyrol" | db040 == "Vienna"))
ranks("eusilc, three groups", o_eu, d_eu, "eqIncome", "pb220a", where = "age > 60", r = quote(age > 60))

# ---- replicates ----
r_clus1 <- as.svrepdesign(d_clus1, type = "JK1", compress = FALSE)
r_nh <- as.svrepdesign(d_nh, type = "JKn", compress = FALSE)
one_sample("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "api00", mu = 600)
two_groups("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "api00", "sch.wide")
ranks("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "api00", "comp.imp")
two_groups("nhanes, jackknife", paste(o_nh, "--replicates jkn"), r_nh, "HI_CHOL", "RIAGENDR")

# ---- calibrated ----
k_clus1 <- calibrate(d_clus1, ~stype + sch.wide, c("(Intercept)" = 6194, stypeH = 755, stypeM = 1018, sch.wideYes = 5122))
o_k <- paste(o_clus1, "--calibrate tests/reference/data/weighting-stype.csv --calibrate tests/reference/data/weighting-sch-wide.csv")
one_sample("calibrated", o_k, k_clus1, "I(api00 - api99)", mu = 30)
two_groups("calibrated", o_k, k_clus1, "api00", "comp.imp")
two_groups("calibrated", o_k, k_clus1, "ell", "awards")
ranks("calibrated", o_k, k_clus1, "meals", "awards")
ranks("calibrated, three groups", o_k, k_clus1, "api00", "stype")

# ---- unequal probabilities ----
election <- read("data/election.csv.gz")
p_elec <- svydesign(~1, fpc = ~p, data = election, pps = "brewer")
o_elec <- "--data tests/reference/data/election.csv.gz --fpc p --pps brewer"
one_sample("pps", o_elec, p_elec, "Bush", mu = 5000)
two_groups("pps", o_elec, p_elec, "Bush", "big")

# ---- two phases: everybody, then relapses and a subcohort ----
w <- read("data/nwtco.csv.gz")
w$sub <- w$sampled == 1
d_two <- twophase(id = list(~seqno, ~seqno), strata = list(NULL, ~rel), subset = ~sub, data = w)
o_two <- "--data tests/reference/data/nwtco.csv.gz --phase2 sampled --phase2-strata rel"
t <- svyttest(age ~ rel, d_two)
t_row("two phases", paste("test 'age ~ rel'", o_two), "t", NULL, t$estimate[[1]], t$estimate[[1]] / t$statistic[[1]], t$parameter[[1]])
t <- svyttest(age ~ 0, d_two)
t_row("two phases", paste("test 'age ~ 0'", o_two), "t", NULL, t$estimate[[1]], t$estimate[[1]] / t$statistic[[1]], t$parameter[[1]])

# ---- survival ----
set.seed(20)
colon <- subset(survival::colon, etype == 2)
colon <- data.frame(time = colon$time, status = colon$status, rx = gsub("\\+", "_", as.character(colon$rx)), sex = colon$sex,
                    surg = ifelse(colon$surg == 1, "long", "short"), extent = colon$extent, age = colon$age)
n <- nrow(colon)
colon$month <- ceiling(colon$time / 30)                # many deaths at the same time
colon$stratum <- sample(4, n, replace = TRUE)
colon$cluster <- sample(15, n, replace = TRUE)
colon$w <- round(runif(n, 1, 9), 2)
con <- gzfile("data/survival.csv.gz", "wb"); write.csv(colon, con, row.names = FALSE, na = ""); close(con)
colon <- read("data/survival.csv.gz")
o_col <- "--data tests/reference/data/survival.csv.gz --weights w --strata stratum --clusters cluster --nest"
d_col <- svydesign(~cluster, strata = ~stratum, weights = ~w, nest = TRUE, data = colon)
o_one <- "--data tests/reference/data/survival.csv.gz --weights w"
d_one <- svydesign(~1, weights = ~w, data = colon)
for (g in c("sex", "surg", "rx", "extent", "age")) {
  survivals("log-rank", o_col, d_col, "time", "status", g)
  survivals("log-rank, ties", o_col, d_col, "month", "status", g)
}
survivals("G-rho", o_col, d_col, "time", "status", "rx", rho = 1)
survivals("G-rho", o_col, d_col, "month", "status", "surg", rho = 1)
survivals("G-rho", o_col, d_col, "month", "status", "rx", rho = .5, gamma = 1)
survivals("G-rho, late", o_one, d_one, "time", "status", "rx", gamma = 1)
survivals("elements", o_one, d_one, "time", "status", "rx")
survivals("elements, ties", o_one, d_one, "month", "status", "surg", rho = 1)
survivals("subpopulation", o_col, d_col, "month", "status", "rx", where = "age > 50 and sex = 1", r = quote(age > 50 & sex == 1))
survivals("subpopulation, G-rho", o_col, d_col, "time", "status", "surg", rho = 1, where = "age > 50", r = quote(age > 50))
survivals("domains", o_col, d_col, "time", "status", "rx", by = "surg")
r_col <- as.svrepdesign(d_col, type = "JKn", compress = FALSE)
survivals("jackknife", paste(o_col, "--replicates jkn"), r_col, "month", "status", "rx")

write_figures("tests_groups.csv", paste("Tests of k groups: F, the Wald statistic of svyranktest divided by k - 1 (the package prints the statistic itself).",
  "Its rank tests of replicate designs take the scores as known."))
