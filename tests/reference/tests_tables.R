# Reference figures for tests of tables: svychisq in its six kinds over stratified, clustered, two-stage, calibrated and replicate designs, subpopulations,
# domains, missing values and empty cells; svygofchisq; shares by row, column and whole; odds ratios, risk ratios and risk differences by svycontrast.
#
#   cd tests/reference && Rscript tests_tables.R
#
# writes tests_tables.csv.
source("tests_figures.R")

# ---- api ----
source("api_samples.R")

tables("strat", o_strat, d_strat, "sch.wide", "stype")
tables("strat", o_strat, d_strat, "stype", "sch.wide")
tables("strat", o_strat, d_strat, "awards", "comp.imp")
tables("strat, many columns", o_strat, d_strat, "stype", "yr.rnd")
tables("strat, subpopulation", o_strat, d_strat, "sch.wide", "comp.imp", where = "api00 > 600 and api99 < 800", r = quote(api00 > 600 & api99 < 800))
tables("strat, domains", o_strat, d_strat, "awards", "sch.wide", by = "stype")
tables("strat, missing", o_strat, d_strat, "acs.46", "sch.wide", wa = "factor(acs.46)", where = "acs.46 > 26 and acs.46 < 31",
       r = quote(acs.46 > 26 & acs.46 < 31))
tables("clus1", o_clus1, d_clus1, "sch.wide", "stype")
tables("clus1, subpopulation", o_clus1, d_clus1, "sch.wide", "comp.imp", where = 'stype != "H"', r = quote(stype != "H"))
tables("clus1, domains", o_clus1, d_clus1, "awards", "sch.wide", by = "stype")
tables("clus2, two stages", o_clus2, d_clus2, "sch.wide", "stype")
tables("clus2, two stages", o_clus2, d_clus2, "awards", "comp.imp")
tables("srs", o_srs, d_srs, "stype", "comp.imp")
fits("strat, fit", o_strat, d_strat, "awards", c(.6, .4))
fits("strat, fit", o_strat, d_strat, "sch.wide", c(1, 4))
fits("clus1, fit", o_clus1, d_clus1, "stype", c(.75, .1, .15))
fits("clus2, fit", o_clus2, d_clus2, "stype", c(3, 1, 1))
fits("srs, fit", o_srs, d_srs, "awards", c(.3, .7))
shared("strat, shares", o_strat, d_strat, "sch.wide", "stype")
shared("clus1, shares", o_clus1, d_clus1, "stype", "comp.imp")
shared("clus2, shares", o_clus2, d_clus2, "stype", "awards")
measured("strat, measures", o_strat, d_strat, "sch.wide", "comp.imp")
measured("clus1, measures", o_clus1, d_clus1, "awards", "sch.wide")
measured("clus2, measures", o_clus2, d_clus2, "awards", "comp.imp")

# ---- nhanes: strata with two PSUs each, missing values ----
nh <- read("data/nhanes.csv.gz")
o_nh <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
d_nh <- svydesign(~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
tables("nhanes", o_nh, d_nh, "agecat", "race")
tables("nhanes, missing", o_nh, d_nh, "HI_CHOL", "race", wa = "factor(HI_CHOL)")
tables("nhanes, missing", o_nh, d_nh, "HI_CHOL", "agecat", wa = "HI_CHOL")
tables("nhanes, domains", o_nh, d_nh, "HI_CHOL", "agecat", by = "RIAGENDR")
tables("nhanes, subpopulation", o_nh, d_nh, "HI_CHOL", "RIAGENDR", where = 'race = "black" or agecat = "(59,Inf]"',
       r = quote(race == "black" | agecat == "(59,Inf]"))
fits("nhanes, fit", o_nh, d_nh, "agecat", c(.25, .3, .3, .15))
fits("nhanes, fit", o_nh, d_nh, "HI_CHOL", c(.88, .12))
shared("nhanes, shares", o_nh, d_nh, "agecat", "HI_CHOL")
measured("nhanes, measures", o_nh, d_nh, "RIAGENDR", "HI_CHOL")

# ---- eusilc: 9 strata, households as clusters, 14,827 persons ----
eu <- read(file.path(root, "eusilc/eusilc.csv.gz"))
o_eu <- "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
d_eu <- svydesign(~db030, strata = ~db040, weights = ~rb050, data = eu)
tables("eusilc, seven by three", o_eu, d_eu, "pl030", "pb220a", wa = "factor(pl030)")
tables("eusilc, subpopulation", o_eu, d_eu, "rb090", "pl030", wb = "factor(pl030)", where = "age >= 25 and age < 55", r = quote(age >= 25 & age < 55))
tables("eusilc, domains", o_eu, d_eu, "rb090", "pb220a", by = "db040")
fits("eusilc, fit", o_eu, d_eu, "pl030", c(40, 10, 5, 5, 30, 1, 9), wv = "'factor(pl030)'")
shared("eusilc, shares", o_eu, d_eu, "rb090", "pb220a")

# ---- replicates of these designs ----
r_clus1 <- as.svrepdesign(d_clus1, type = "JK1", compress = FALSE)
r_strat <- as.svrepdesign(d_strat, type = "JKn", compress = FALSE)
tables("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "sch.wide", "stype")
tables("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "awards", "comp.imp")
tables("strat, jackknife", paste(o_strat, "--replicates jkn"), r_strat, "sch.wide", "stype")
r_nh <- as.svrepdesign(d_nh, type = "JKn", compress = FALSE)
tables("nhanes, jackknife", paste(o_nh, "--replicates jkn"), r_nh, "HI_CHOL", "race")
fits("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "stype", c(.75, .1, .15))
measured("clus1, jackknife", paste(o_clus1, "--replicates jk1"), r_clus1, "awards", "sch.wide")

# ---- calibrated ----
margins <- c("(Intercept)" = 6194, stypeH = 755, stypeM = 1018, sch.wideYes = 5122)
k_clus1 <- calibrate(d_clus1, ~stype + sch.wide, margins)
o_k <- paste(o_clus1, "--calibrate tests/reference/data/weighting-stype.csv --calibrate tests/reference/data/weighting-sch-wide.csv")
tables("calibrated", o_k, k_clus1, "awards", "comp.imp")
tables("calibrated", o_k, k_clus1, "stype", "comp.imp")
fits("calibrated, fit", o_k, k_clus1, "awards", c(2, 3))
shared("calibrated, shares", o_k, k_clus1, "stype", "awards")
measured("calibrated, measures", o_k, k_clus1, "awards", "comp.imp")

# ---- unequal probabilities ----
election <- read("data/election.csv.gz")
fits("pps, fit", "--data tests/reference/data/election.csv.gz --fpc p --pps brewer", svydesign(~1, fpc = ~p, data = election, pps = "brewer"), "big", c(1, 6))

# ---- two phases: everybody, then relapses and a subcohort ----
w <- read("data/nwtco.csv.gz")
w$sub <- w$sampled == 1
d_two <- twophase(id = list(~seqno, ~seqno), strata = list(NULL, ~rel), subset = ~sub, data = w)
command <- "table 'factor(stage)' 'factor(study)' --data tests/reference/data/nwtco.csv.gz --phase2 sampled --phase2-strata rel --test pearson-f"
m <- svymean(~interaction(stage, study), d_two)               # svychisq of 4.1-1 knows no two phases: its formula
p <- matrix(coef(m), 4)
C <- kronecker(contr.helmert(2), contr.helmert(4)) / coef(m)
D <- solve(crossprod(C, coef(m) * C), t(C) %*% vcov(m) %*% C)
e <- outer(rowSums(p), colSums(p))
f <- sum((p - e)^2 / e) / sum(diag(D))
d0 <- sum(diag(D))^2 / sum(diag(D %*% D))
nu <- sum(w$sub) - 2
for (q in list(list("statistic", f), list("ndf", d0), list("ddf", d0 * nu), list("p_value", pf(f, d0, d0 * nu, lower.tail = FALSE))))
  put("two phases", command, "test=pearson-f", q[[1]], q[[2]])

write_figures("tests_tables.csv", paste("lincom is the characteristic function inverted in R (CompQuadForm is not there; with it R truncates the denominator's",
  "degrees of freedom), saddlepoint is R's with its root converged and, at 1e-6, as R stops. Degrees of freedom as survey 4.5: degf of the subpopulation."))
