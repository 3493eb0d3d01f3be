# Reference figures for means, totals, ratios, proportions and tables, made by R's package 'survey'.
#
#   cd tests/reference && Rscript estimates.R
#
# writes estimates.csv (one figure per row: the command that must give it, which estimate, which column) and the data it uses that are not in
# datasets/ (data/*.csv.gz). tests/command/estimate_reference_test.py runs the commands and compares.
source("figures.R")

# ---- api: every design of the package's examples ----
api <- lapply(c("apisrs", "apistrat", "apiclus1", "apiclus2"), function(n) read(sprintf("%s/api/%s.csv", root, n)))
names(api) <- c("srs", "strat", "clus1", "clus2")
at <- function(n) sprintf("--data datasets/api/api%s.csv", n)
designs <- list(
  srs = list(d = svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = api$srs), o = paste(at("srs"), "--weights pw --fpc fpc")),
  srs_plain = list(d = svydesign(id = ~1, weights = ~pw, data = api$srs), o = paste(at("srs"), "--weights pw")),
  srs_fpc = list(d = svydesign(id = ~1, fpc = ~fpc, data = api$srs), o = paste(at("srs"), "--fpc fpc")),
  strat = list(d = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = api$strat),
               o = paste(at("strat"), "--strata stype --weights pw --fpc fpc")),
  strat_plain = list(d = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = api$strat), o = paste(at("strat"), "--strata stype --weights pw")),
  strat_fpc = list(d = svydesign(id = ~1, strata = ~stype, fpc = ~fpc, data = api$strat), o = paste(at("strat"), "--strata stype --fpc fpc")),
  clus1 = list(d = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = api$clus1), o = paste(at("clus1"), "--clusters dnum --weights pw --fpc fpc")),
  clus1_plain = list(d = svydesign(id = ~dnum, weights = ~pw, data = api$clus1), o = paste(at("clus1"), "--clusters dnum --weights pw")),
  clus2 = list(d = svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = api$clus2), o = paste(at("clus2"), "--clusters dnum,snum --fpc fpc1,fpc2")),
  clus2_weights = list(d = svydesign(id = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = api$clus2),
                       o = paste(at("clus2"), "--clusters dnum,snum --fpc fpc1,fpc2 --weights pw")),
  clus2_plain = list(d = svydesign(id = ~dnum + snum, weights = ~pw, data = api$clus2), o = paste(at("clus2"), "--clusters dnum,snum --weights pw")))
for (n in names(designs)) {
  d <- designs[[n]]$d
  o <- designs[[n]]$o
  w <- sub("--data", "%s --data", o, fixed = TRUE)
  deff <- n != "srs_fpc" || TRUE
  run(n, sprintf(sub("%s", "mean api00 enroll", w, fixed = TRUE)), d, "mean", c("api00", "enroll"), deff = deff)
  run(n, sub("%s", "total enroll", w, fixed = TRUE), d, "total", "enroll", deff = deff)
  run(n, sub("%s", "total enroll", w, fixed = TRUE), d, "total", "enroll", deff = "replace", design.df = TRUE)
  run(n, sub("%s", "mean stype sch.wide", w, fixed = TRUE), d, "mean", c("stype", "sch.wide"), deff = TRUE)
  run(n, sub("%s", "total stype", w, fixed = TRUE), d, "total", "stype", level = .9)
  run(n, sub("%s", "ratio api.stu/enroll api00/api99", w, fixed = TRUE), d, "ratio", c("api.stu/enroll", "api00/api99"))
  run(n, sub("%s", "ratio api.stu/enroll", w, fixed = TRUE), d, "ratio", "api.stu/enroll", deff = TRUE)
  run(n, sub("%s", "mean api00", w, fixed = TRUE), d, "mean", "api00", by = "stype", deff = TRUE)
  run(n, sub("%s", "mean acs.core", w, fixed = TRUE), d, "mean", "acs.core", deff = TRUE)
  run(n, sub("%s", "total enroll", w, fixed = TRUE), d, "total", "enroll", by = c("stype", "sch.wide"))
  run(n, sub("%s", "ratio api.stu/enroll", w, fixed = TRUE), d, "ratio", "api.stu/enroll", by = "comp.imp")
  run(n, paste(sub("%s", "mean api00 ell", w, fixed = TRUE), "--where 'meals > 50'"), d, "mean", c("api00", "ell"), where = quote(meals > 50), design.df = TRUE)
  run(n, paste(sub("%s", "total sch.wide", w, fixed = TRUE), "--where 'meals > 50'"), d, "total", "sch.wide", where = quote(meals > 50), by = "stype")
  run_ci(n, sub("%s", "proportion sch.wide", w, fixed = TRUE), d, "sch.wide", "Yes")
  run_ci(n, sub("%s", "proportion awards", w, fixed = TRUE), d, "awards", "No", level = .9)
  run_table(n, sub("%s", "table stype sch.wide", w, fixed = TRUE), d, c("stype", "sch.wide"))
  run_table(n, sub("%s", "table awards", w, fixed = TRUE), d, "awards")
}
# The school characteristics are missing for some schools: rows drop out of all variables together.
run("joint_missing", "mean acs.k3 acs.46 --data datasets/api/apiclus1.csv --clusters dnum --weights pw --fpc fpc", designs$clus1$d, "mean", c("acs.k3", "acs.46"))
run_ci("domains_ci", "proportion sch.wide --data datasets/api/apistrat.csv --strata stype --weights pw --fpc fpc", designs$strat$d, "sch.wide", "Yes", by = "awards")
# Published: R survey 4.5 (4.1-1 has no Wilson interval).
put("wilson", "proportion sch.wide --ci wilson --data datasets/api/apistrat.csv --strata stype --weights pw --fpc fpc", "sch.wide|Yes|", "ci_lower", 0.774814586, 1e-9)
put("wilson", "proportion sch.wide --ci wilson --data datasets/api/apistrat.csv --strata stype --weights pw --fpc fpc", "sch.wide|Yes|", "ci_upper", 0.870637562, 1e-9)
# Covariances between variables, and between domains.
for (n in c("strat", "clus1", "clus2", "srs")) {
  d <- designs[[n]]$d
  o <- designs[[n]]$o
  run_vcov(n, paste("mean api00 api99 stype", o), vcov(svymean(~api00 + api99 + stype, d)), c("api00", "api99", "stype E", "stype H", "stype M"))
  run_vcov(n, paste("total enroll sch.wide", o), vcov(svytotal(~enroll + sch.wide, d, na.rm = TRUE)), c("enroll", "sch.wide No", "sch.wide Yes"))
  b <- svyby(~api00, ~stype, d, svymean, covmat = TRUE)
  run_vcov(n, paste("mean api00", o, "--by stype"), vcov(b), paste("api00", c("E", "H", "M")))
  b <- svyby(~enroll, ~sch.wide + awards, subset(d, !is.na(enroll)), svytotal, covmat = TRUE)
  run_vcov(n, paste("total enroll", o, "--by sch.wide,awards"), vcov(b), paste("enroll", b$sch.wide, b$awards))
}

# ---- lonely PSUs ----
clus1 <- api$clus1
lonely <- svydesign(id = ~dnum, strata = ~cname, weights = ~pw, data = clus1)
lonely_fpc <- svydesign(id = ~dnum, strata = ~cname, weights = ~pw, fpc = ~fpc, data = clus1)
for (option in c("remove", "certainty", "average", "adjust")) {
  options(survey.lonely.psu = option)
  o <- paste("--data datasets/api/apiclus1.csv --clusters dnum --strata cname --weights pw --lonely-psu", option)
  run(paste0("lonely_", option), paste("mean api00 enroll", o), lonely, "mean", c("api00", "enroll"))
  run(paste0("lonely_", option), paste("mean api00", o, "--fpc fpc"), lonely_fpc, "mean", "api00", by = "stype")
  run(paste0("lonely_", option), paste("ratio api.stu/enroll", o), lonely, "ratio", "api.stu/enroll", by = "sch.wide")
  # for totals `adjust` differs from survey >= 4.2, whose rule is ours: see below
  if (option != "adjust") run(paste0("lonely_", option), paste("total enroll", o), lonely, "total", "enroll", by = "stype")
}
options(survey.lonely.psu = "fail")

# ---- nhanes: clusters numbered anew in every stratum, missing values ----
data(nhanes)
nhanes$race <- factor(nhanes$race, labels = c("Hispanic", "white", "black", "other"))
nhanes$HI <- factor(nhanes$HI_CHOL, labels = c("no", "yes"))
write.csv(nhanes, gzfile("data/nhanes.csv.gz"), row.names = FALSE, na = "")
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
o <- "--data tests/reference/data/nhanes.csv.gz --clusters SDMVPSU --strata SDMVSTRA --weights WTMEC2YR --nest"
run("nhanes", paste("mean HI_CHOL", o), d, "mean", "HI_CHOL", deff = TRUE)
run("nhanes", paste("mean HI_CHOL", o), d, "mean", "HI_CHOL", by = "race", deff = TRUE, design.df = TRUE)
run("nhanes", paste("mean HI", o), d, "mean", "HI", by = c("RIAGENDR", "agecat"))
run("nhanes", paste("total HI race", o), d, "total", c("HI", "race"))
run("nhanes", paste("ratio HI_CHOL/RIAGENDR", o), d, "ratio", "HI_CHOL/RIAGENDR", deff = TRUE)
run("nhanes", paste("mean HI_CHOL", o, "--where 'RIAGENDR = 2'"), d, "mean", "HI_CHOL", where = quote(RIAGENDR == 2), by = "agecat")
run_ci("nhanes", paste("proportion HI", o), d, "HI", "yes")
run_ci("nhanes", paste("proportion HI", o), d, "HI", "yes", by = "race")
run_table("nhanes", paste("table race HI", o), d, c("race", "HI"))
nh <- subset(d, !is.na(HI_CHOL))
b <- svyby(~HI_CHOL, ~race + RIAGENDR, nh, svymean, covmat = TRUE)
run_vcov("nhanes", paste("mean HI_CHOL", o, "--by race,RIAGENDR"), vcov(b), paste("HI_CHOL", b$race, b$RIAGENDR))

# ---- eusilc: 9 strata, households as clusters, 14,827 persons ----
eu <- read(sprintf("%s/eusilc/eusilc.csv.gz", root))
d <- svydesign(id = ~db030, strata = ~db040, weights = ~rb050, data = eu)
o <- "--data datasets/eusilc/eusilc.csv.gz --clusters db030 --strata db040 --weights rb050"
run("eusilc", paste("mean eqIncome", o), d, "mean", "eqIncome", by = "db040", deff = TRUE)
run("eusilc", paste("mean 'factor(pl030)'", o), d, "mean", "pl030", factors = TRUE)
run("eusilc", paste("total pb220a", o), d, "total", "pb220a")
run("eusilc", paste("mean eqIncome", o), d, "mean", "eqIncome", by = c("rb090", "pb220a"), design.df = TRUE)
run_table("eusilc", paste("table rb090 pb220a", o), d, c("rb090", "pb220a"))
run("eusilc_rows", "mean eqIncome --data datasets/eusilc/eusilc.csv.gz --strata db040 --weights rb050",
    svydesign(id = ~1, strata = ~db040, weights = ~rb050, data = eu), "mean", "eqIncome", by = "pb220a", deff = TRUE)

# ---- mu284: two stages from a census ----
data(mu284)
write.csv(mu284, gzfile("data/mu284.csv.gz"), row.names = FALSE, na = "")
d <- svydesign(id = ~id1 + id2, fpc = ~n1 + n2, data = mu284)
o <- "--data tests/reference/data/mu284.csv.gz --clusters id1,id2 --fpc n1,n2"
run("mu284", paste("total y1", o), d, "total", "y1", deff = TRUE)
run("mu284", paste("mean y1", o), d, "mean", "y1", deff = TRUE)
run("mu284", paste("ratio y1/n2", o), d, "ratio", "y1/n2")

# ---- three stages, strata in two of them, missing values, zero weights, offsets: made here ----
set.seed(20261122)
three <- do.call(rbind, lapply(1:4, function(h) do.call(rbind, lapply(1:(2 + h), function(i) do.call(rbind, lapply(1:4, function(j) {
  m <- sample(2:5, 1)
  data.frame(h, i, g = (j + 1) %/% 2, j, k = 1:m, N1 = 10 + 7 * h, N2 = 5 + i, N3 = 9 + j)
}))))))
three <- within(three, {
  w <- round(runif(nrow(three), 1, 40), 3)
  w[sample(nrow(three), 9)] <- 0
  y <- round(50 + 3 * h + i + rnorm(nrow(three), 0, 8), 4)
  big <- y + 1e6
  x <- round(rexp(nrow(three), 1 / 30) + 1, 3)
  y[sample(nrow(three), 12)] <- NA
  f <- factor(sample(c("a", "b", "c"), nrow(three), TRUE, c(6, 3, 1)))
  dom <- factor(sample(sprintf("d%d", 1:5), nrow(three), TRUE))
  dom[sample(nrow(three), 5)] <- NA
  psu <- 100 * h + i
})
three <- three[sample(nrow(three)), ]
write.csv(three, gzfile("data/three-stage.csv.gz"), row.names = FALSE, na = "")
t <- "--data tests/reference/data/three-stage.csv.gz"
three_designs <- list(
  full = list(d = svydesign(id = ~psu + j + k, strata = ~h + g, weights = ~w, fpc = ~N1 + N2 + N3, data = three),
              o = paste(t, "--clusters psu,j,k --strata h,g --weights w --fpc N1,N2,N3")),
  nest = list(d = svydesign(id = ~i + j + k, strata = ~h + g, weights = ~w, fpc = ~N1 + N2 + N3, nest = TRUE, data = three),
              o = paste(t, "--clusters i,j,k --strata h,g --weights w --fpc N1,N2,N3 --nest")),
  fpc = list(d = svydesign(id = ~psu + j + k, strata = ~h + g, fpc = ~N1 + N2 + N3, data = three),
             o = paste(t, "--clusters psu,j,k --strata h,g --fpc N1,N2,N3")),
  clusters = list(d = svydesign(id = ~psu + j, strata = ~h + g, weights = ~w, fpc = ~N1 + N2, data = three),
                  o = paste(t, "--clusters psu,j --strata h,g --weights w --fpc N1,N2")),
  one = list(d = svydesign(id = ~psu, strata = ~h, weights = ~w, data = three), o = paste(t, "--clusters psu --strata h --weights w")),
  rows = list(d = svydesign(id = ~1, strata = ~h, weights = ~w, data = three), o = paste(t, "--strata h --weights w")))
for (n in names(three_designs)) {
  d <- three_designs[[n]]$d
  o <- three_designs[[n]]$o
  case <- paste0("three_", n)
  run(case, paste("mean y", o), d, "mean", "y", deff = TRUE)
  run(case, paste("mean big", o), d, "mean", "big")
  run(case, paste("mean big", o), d, "mean", "big", by = "dom", deff = TRUE)
  run(case, paste("total y", o), d, "total", "y", by = "dom")
  run(case, paste("mean f", o), d, "mean", "f", by = "dom", deff = TRUE)
  run(case, paste("ratio y/x", o), d, "ratio", "y/x", by = "f", deff = TRUE)
  run(case, paste("total f x", o, "--where 'x > 20'"), d, "total", c("f", "x"), where = quote(x > 20))
  run_ci(case, paste("proportion f", o), d, "f", "a", by = "dom")
  b <- svyby(~x, ~f, d, svymean, covmat = TRUE)
  run_vcov(case, paste("mean x", o, "--by f"), vcov(b), paste("x", b$f))
}
for (option in c("remove", "average", "adjust")) {
  options(survey.lonely.psu = option)
  sparse <- three[!(three$j %% 2 == 0 & three$h < 3), ]
  if (option == "remove") write.csv(sparse, gzfile("data/three-stage-lonely.csv.gz"), row.names = FALSE, na = "")
  d <- svydesign(id = ~psu + j + k, strata = ~h + g, weights = ~w, fpc = ~N1 + N2 + N3, data = sparse)
  o <- paste("--data tests/reference/data/three-stage-lonely.csv.gz --clusters psu,j,k --strata h,g --weights w --fpc N1,N2,N3 --lonely-psu", option)
  if (option != "adjust") {
    run(paste0("three_lonely_", option), paste("mean x", o), d, "mean", "x", by = "f")
    run(paste0("three_lonely_", option), paste("total x", o), d, "total", "x")
  }
}
options(survey.lonely.psu = "fail")

# ---- textbooks: the tables of datasets/textbook, by R at full precision, and as printed ----
tb <- function(n) sprintf("--data datasets/textbook/%s.csv", n)
book <- function(n) read(sprintf("%s/textbook/%s.csv", root, n))
d <- svydesign(id = ~suite, weights = ~wt, fpc = ~fpc, data = book("gpa"))
run("gpa", paste("total gpa", tb("gpa"), "--clusters suite --weights wt --fpc fpc"), d, "total", "gpa")
d <- svydesign(id = ~clu, strata = ~str, weights = ~wt, fpc = ~fpc, data = book("province91-stratified"))
o <- paste(tb("province91-stratified"), "--clusters clu --strata str --weights wt --fpc fpc")
run("province_stratified", paste("mean ue91", o), d, "mean", "ue91", deff = TRUE)
run("province_stratified", paste("ratio ue91/lab91", o), d, "ratio", "ue91/lab91")
d <- svydesign(id = ~clu, weights = ~wt, fpc = ~fpc, data = book("province91-clusters"))
o <- paste(tb("province91-clusters"), "--clusters clu --weights wt --fpc fpc")
run("province_clusters", paste("total ue91 lab91", o), d, "total", c("ue91", "lab91"))
run("province_clusters", paste("ratio ue91/lab91", o), d, "ratio", "ue91/lab91")
d <- svydesign(id = ~ambulance, strata = ~ESA, nest = TRUE, data = transform(book("scd"), w = 1), weights = ~w)
run("scd", paste("ratio alive/arrests", tb("scd"), "--clusters ambulance --strata ESA --nest"), d, "ratio", "alive/arrests")
d <- svydesign(id = ~1, strata = ~oblevel, weights = ~weighta, fpc = ~tothosp, data = book("hospital"))
o <- paste(tb("hospital"), "--strata oblevel --weights weighta --fpc tothosp")
run("hospital", paste("mean births", o), d, "mean", "births", deff = TRUE)
run("hospital", paste("total births", o), d, "total", "births")
d <- svydesign(id = ~psuid, strata = ~stratid, weights = ~weight, fpc = ~Nh, data = book("fpc"), nest = TRUE)
o <- paste(tb("fpc"), "--clusters psuid --strata stratid --weights weight --fpc Nh --nest")
run("fpc", paste("mean x", o), d, "mean", "x")
run("fpc", paste("total x", o), d, "total", "x")

printed <- function(case, command, key, estimate, se, digits) {
  put(case, command, key, "estimate", estimate, digits[1])
  put(case, command, key, "se", se, digits[2])
}
# tolerance: half a unit of the last printed digit, relative
half <- function(x, unit) unit / 2 / x * 1.0000001
p <- function(case, command, key, e, eu, s, su) printed(case, command, key, e, s, c(half(e, eu), half(s, su)))
p("printed_gpa", paste("total gpa", tb("gpa"), "--clusters suite --weights wt"), "gpa||", 1130.4, .1, 67.16666, 1e-5)
p("printed_gpa", paste("total gpa", tb("gpa"), "--clusters suite --weights wt --fpc fpc"), "gpa||", 1130.4, .1, 65.466, 1e-3)
o <- paste(tb("province91-stratified"), "--clusters clu --strata str --weights wt --fpc fpc")
p("printed_province", paste("mean ue91", o), "ue91||", 475.33, .01, 133.73, .01)
p("printed_province", paste("ratio ue91/lab91", o), "ue91/lab91||", 0.1277788, 1e-7, 0.003173564, 1e-9)
o <- paste(tb("province91-pps"), "--clusters clu --strata str --weights wt")
p("printed_province", paste("mean ue91", o, "--lonely-psu certainty"), "ue91||", 445.18, .01, 150.47, .01)
p("printed_province", paste("total ue91", o, "--lonely-psu certainty"), "ue91||", 15077, 1, 521.12, .01)
p("printed_province", paste("mean ue91", o, "--fpc fpc"), "ue91||", 445.18, .01, 132.39, .01)
o <- paste(tb("province91-clusters"), "--clusters clu --weights wt --fpc fpc")
p("printed_province", paste("total ue91", o), "ue91||", 13188, 1, 3814.9, .1)
p("printed_province", paste("total lab91", o), "lab91||", 102004, 1, 34473.4, .1)
p("printed_province", paste("ratio ue91/lab91", o), "ue91/lab91||", 0.1292890, 1e-7, 0.006295318, 1e-9)
p("printed_scd", paste("ratio alive/arrests", tb("scd"), "--clusters ambulance --strata ESA --nest"), "alive/arrests||", 0.1535, 1e-4, 0.0098073, 1e-7)
o <- paste(tb("hospital"), "--strata oblevel --weights weighta --fpc tothosp")
p("printed_hospital", paste("mean births", o), "births||", 1164.4, .1, 215.28, .01)
p("printed_hospital", paste("total births", o), "births||", 183984, 2, 34014, 1)
o <- paste(tb("fpc"), "--clusters psuid --strata stratid --weights weight --nest")
p("printed_fpc", paste("mean x", o, "--fpc Nh"), "x||", 5.448148, 1e-6, 0.616041, 1e-6)
p("printed_fpc", paste("mean x", o), "x||", 5.448148, 1e-6, 0.741268, 1e-6)
# Lonely PSUs adjusted as survey has done since 4.2 (4.1-1 gives 40509.305): published figure of survey 4.5
put("adjust", "total api00 --data datasets/api/apiclus1.csv --strata dnum --weights pw --lonely-psu adjust", "api00||", "se", 36098.993, half(36098.993, 1e-3))
put("printed_api", "mean api00 --data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc", "api00||", "se", 9.40894, half(9.40894, 1e-5))
put("printed_api", "total enroll --data datasets/api/apiclus2.csv --clusters dnum,snum --weights pw --fpc fpc1,fpc2", "enroll||", "se", 799637.773648, 1e-9)

write_figures("estimates.csv", "Cases 'printed_*': as printed in the sources named in datasets/textbook/README.md; 'wilson', 'adjust': survey 4.5.")
