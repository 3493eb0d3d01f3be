# The four samples of Californian schools with their designs, in R and as options of the command: sourced by tests_groups.R and tests_tables.R.
strat <- read(file.path(root, "api/apistrat.csv"))
clus1 <- read(file.path(root, "api/apiclus1.csv"))
clus2 <- read(file.path(root, "api/apiclus2.csv"))
srs <- read(file.path(root, "api/apisrs.csv"))
o_strat <- "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
o_clus1 <- "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
o_clus2 <- "--data datasets/api/apiclus2.csv --weights pw --clusters dnum,snum --fpc fpc1,fpc2"
o_srs <- "--data datasets/api/apisrs.csv --weights pw --fpc fpc"
d_strat <- svydesign(~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
d_clus1 <- svydesign(~dnum, weights = ~pw, fpc = ~fpc, data = clus1)
d_clus2 <- svydesign(~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
d_srs <- svydesign(~1, weights = ~pw, fpc = ~fpc, data = srs)
