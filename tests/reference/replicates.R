# Replicate weights: given ones of every type, and those as.svrepdesign() makes. R survey 4.1-1; type "ACS" is given mse = TRUE, as 4.5 does it itself.
source("figures.R")
suppressMessages(library(survey))
options(survey.replicates.mse = FALSE)
data(api)
data(scd)

# One command's rows against the same call in R: estimate, se and df (recomputed for a subset, as R does).
check <- function(case, command, key, estimate, se, df = NULL, deff = NULL) {
    for (i in seq_along(key)) {
        put(case, command, key[i], "estimate", unname(estimate[i]), "1e-10")
        put(case, command, key[i], "se", unname(se[i]), "1e-10")
        if (!is.null(df)) put(case, command, key[i], "df", df[min(i, length(df))], "1e-10")
        if (!is.null(deff)) put(case, command, key[i], "deff", unname(deff[i]), "1e-9")
    }
}

# What svyratio(deff = TRUE) means and computes wrongly in 4.1-1 (it takes the ratio from a list): the design effect of the total of residuals.
ratio_deff <- function(r, x, y, ratio) {
    r <- r[complete.cases(r$variables[, c(x, y)]), ]
    r$variables$residual <- r$variables[[x]] - ratio * r$variables[[y]]
    c(deff(svytotal(~residual, r, deff = TRUE)))
}

# Means, totals, a ratio, domains and a factor of one design.
all_of <- function(case, options, r, x, y, by, factor) {
    f <- as.formula(paste0("~", x, "+", y))
    keys <- paste0("variable=", c(x, y))
    m <- svymean(f, r, deff = TRUE, na.rm = TRUE)
    check(case, paste("mean", x, y, options, "--deff"), keys, coef(m), SE(m), degf(r), deff(m))
    t <- svytotal(f, r, na.rm = TRUE)
    check(case, paste("total", x, y, options), keys, coef(t), SE(t), degf(r))
    q <- svyratio(as.formula(paste0("~", x)), as.formula(paste0("~", y)), r, na.rm = TRUE)
    check(case, paste0("ratio ", x, "/", y, " ", options, " --deff"), paste0("variable=", x, "/", y), c(coef(q)), c(SE(q)), deff = ratio_deff(r, x, y, c(coef(q))))
    b <- svyby(as.formula(paste0("~", x)), as.formula(paste0("~", by)), r, svymean, na.rm = TRUE, keep.names = FALSE)
    levels <- as.character(b[[by]])
    sub <- sapply(levels, function(l) degf(r[which(as.character(r$variables[[by]]) == l), ]))
    check(case, paste("mean", x, options, "--by", by), paste0(by, "=", levels), b[[x]], SE(b), sub)
    b <- svyby(as.formula(paste0("~", x)), as.formula(paste0("~", by)), r, svytotal, na.rm = TRUE, keep.names = FALSE)
    check(case, paste("total", x, options, "--by", by), paste0(by, "=", levels), b[[x]], SE(b))
    s <- svymean(as.formula(paste0("~", factor)), r, na.rm = TRUE)
    check(case, paste("mean", factor, options), paste0("level=", sub(paste0("^", factor), "", names(coef(s)))), coef(s), SE(s))
}

# ---- made from the design ----
srs <- svydesign(id = ~1, weights = ~pw, data = apisrs, fpc = ~fpc)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat, fpc = ~fpc)
clus1 <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)
clus1w <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1)
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, weights = ~pw, data = apiclus2)
api <- function(name, rest) paste0("--data datasets/api/api", name, ".csv --weights pw ", rest)
all_of("jk1-clus1", api("clus1", "--clusters dnum --fpc fpc --replicates jk1"), as.svrepdesign(clus1, "JK1"), "api00", "enroll", "stype", "sch.wide")
all_of("jk1-mse", api("clus1", "--clusters dnum --fpc fpc --replicates jk1 --mse"), as.svrepdesign(clus1, "JK1", mse = TRUE), "api00", "enroll", "stype", "stype")
all_of("jk1-nofpc", api("clus1", "--clusters dnum --replicates jk1"), as.svrepdesign(clus1w, "JK1"), "api99", "enroll", "comp.imp", "awards")
all_of("jkn-strat", api("strat", "--strata stype --fpc fpc --replicates jkn"), as.svrepdesign(strat, "JKn"), "api00", "enroll", "awards", "sch.wide")
all_of("jkn-strat-mse", api("strat", "--strata stype --fpc fpc --replicates jkn --mse"), as.svrepdesign(strat, "JKn", mse = TRUE), "api99", "api.stu", "stype", "awards")
all_of("jk1-srs", api("srs", "--fpc fpc --replicates jk1"), as.svrepdesign(srs, "JK1"), "api00", "enroll", "stype", "comp.imp")
all_of("jk1-clus2", api("clus2", "--clusters dnum,snum --fpc fpc1,fpc2 --replicates jk1"), suppressWarnings(as.svrepdesign(clus2, "JK1")),
       "api00", "meals", "stype", "sch.wide")

# Levy and Lemeshow's cardiac arrests: three strata of two; totals do not depend on the Hadamard matrix.
scdes <- svydesign(data = scd, prob = ~1, id = ~ambulance, strata = ~ESA, nest = TRUE)
scdo <- "--data datasets/textbook/scd.csv --strata ESA --clusters ambulance --nest --replicates"
for (type in c("BRR", "JKn")) {
    r <- as.svrepdesign(scdes, type)
    t <- svytotal(~alive + arrests, r)
    check(paste0("scd-", type), paste("total alive arrests", scdo, tolower(type)), c("variable=alive", "variable=arrests"), coef(t), SE(t), degf(r))
    q <- svyratio(~alive, ~arrests, r)
    check(paste0("scd-", type), paste("ratio alive/arrests", scdo, tolower(type)), "variable=alive/arrests", c(coef(q)), c(SE(q)))
}
r <- as.svrepdesign(scdes, "Fay", fay.rho = 0.3)
t <- svytotal(~alive + arrests, r)
check("scd-fay", paste("total alive arrests", scdo, "fay --fay-rho 0.3"), c("variable=alive", "variable=arrests"), coef(t), SE(t), degf(r))
# As printed: Levy & Lemeshow, section 12.2; Lehtonen & Pahkinen, p. 29 (jackknife).
put("levy-lemeshow", paste("ratio alive/arrests", scdo, "brr"), "variable=alive/arrests", "estimate", 0.1535, "1e-3")
put("levy-lemeshow", paste("ratio alive/arrests", scdo, "brr"), "variable=alive/arrests", "se", 0.0094184, "1e-5")
lpo <- "--data datasets/textbook/province91-clusters.csv --weights wt --clusters clu --fpc fpc --replicates jk1"
lp <- read.csv("../../datasets/textbook/province91-clusters.csv")
put("lehtonen-pahkinen", paste("ratio ue91/lab91", lpo), "variable=ue91/lab91", "se", 0.007168699, "1e-6")
r <- as.svrepdesign(svydesign(id = ~clu, weights = ~wt, data = lp, fpc = ~fpc), "JK1")
q <- svyratio(~ue91, ~lab91, r)
check("lehtonen-pahkinen", paste("ratio ue91/lab91", lpo), "variable=ue91/lab91", c(coef(q)), c(SE(q)), degf(r))

# ---- given columns ----
# One file per data set, with columns of several kinds; missing values and zero weights in some.
digits <- function(x) as.numeric(format(x, digits = 15))
write_data <- function(name, data) {
    con <- gzfile(paste0("data/", name, ".csv.gz"), "w")
    write.csv(data, con, row.names = FALSE, quote = TRUE, na = "")
    close(con)
    read.csv(gzfile(paste0("data/", name, ".csv.gz")), stringsAsFactors = TRUE, na.strings = "", check.names = FALSE)
}
named <- function(prefix, m) { colnames(m) <- paste0(prefix, seq_len(ncol(m))); apply(m, c(1, 2), digits) }
file_of <- function(name) paste0("--data tests/reference/data/", name, ".csv.gz")
given <- function(data, pattern, weights, ...) suppressWarnings(svrepdesign(data = data, repweights = pattern, weights = weights, ...))
columns_of <- function(r, kind = "analysis") as.matrix(weights(r, kind))
set.seed(20240518)

# Province'91-like: the two-stage sample of schools, with every bootstrap and jackknife.
d <- apiclus2[, c("stype", "dnum", "snum", "api00", "api99", "enroll", "meals", "sch.wide", "pw", "fpc1", "fpc2")]
jk <- suppressWarnings(as.svrepdesign(clus2, "JK1"))
boot <- suppressWarnings(as.svrepdesign(clus2, "bootstrap", replicates = 40))
sub <- suppressWarnings(as.svrepdesign(clus2, "subbootstrap", replicates = 40))
mrb <- as.svrepdesign(clus2, "mrbbootstrap", replicates = 40)
d <- cbind(d, named("jk", columns_of(jk)), named("b", columns_of(boot)), named("s", columns_of(sub)), named("m", columns_of(mrb)), named("f", columns_of(boot, "replication")))
d$pw <- digits(d$pw)
d <- write_data("replicates-clus2", d)
o <- function(rest) paste(file_of("replicates-clus2"), "--weights pw --replicates", rest)
n <- sum(grepl("^jk", names(d)))
all_of("given-jk1", o("'jk1:jk*'"), given(d, "^jk[0-9]", ~pw, type = "JK1"), "api00", "enroll", "stype", "sch.wide")
all_of("given-jk1-scale", o("'jk1:jk*' --scale 0.9 --mse"), given(d, "^jk[0-9]", ~pw, type = "JK1", scale = 0.9, mse = TRUE), "api00", "enroll", "stype", "sch.wide")
all_of("given-bootstrap", o("'bootstrap:b?,b??'"), given(d, "^b[0-9]", ~pw, type = "bootstrap"), "api00", "meals", "sch.wide", "stype")
all_of("given-bootstrap-scale", o("'bootstrap:b?,b??' --scale 0.03"), given(d, "^b[0-9]", ~pw, type = "bootstrap", scale = 0.03), "api99", "api00", "stype", "stype")
all_of("given-factors", o("'bootstrap:f?,f??' --uncombined"), given(d, "^f[0-9]+$", ~pw, type = "bootstrap", combined.weights = FALSE), "api00", "meals", "sch.wide", "stype")
all_of("given-other", o("'s?,s??' --scale 0.02564102564102564 --rscales 1"), given(d, "^s[0-9]", ~pw, type = "other", scale = 0.02564102564102564, rscales = rep(1, 40)),
       "api00", "enroll", "stype", "sch.wide")
all_of("given-rao-wu", o("'rao-wu:s?,s??'"), given(d, "^s[0-9]", ~pw, type = "bootstrap"), "api00", "enroll", "stype", "sch.wide")
all_of("given-preston", o("'preston:m?,m??'"), given(d, "^m[0-9]", ~pw, type = "other", scale = 1, rscales = rep(1 / 39, 40)), "api00", "enroll", "stype", "sch.wide")
rs <- round(seq(0.1, 2, length.out = 40), 3)
all_of("given-rscales", o(paste0("'m?,m??' --scale 0.5 --rscales ", paste(rs, collapse = ","))), given(d, "^m[0-9]", ~pw, type = "other", scale = 0.5, rscales = rs),
       "api00", "enroll", "stype", "sch.wide")
rs[c(3, 17)] <- 0
writeLines(as.character(rs), "data/replicates-rscales.txt")
all_of("given-rscales-zero", o("'m?,m??' --scale 0.5 --rscales tests/reference/data/replicates-rscales.txt"), given(d, "^m[0-9]", ~pw, type = "other", scale = 0.5, rscales = rs),
       "api00", "meals", "stype", "sch.wide")
all_of("given-sdr", o("'sdr:s?,s??'"), given(d, "^s[0-9]", ~pw, type = "successive-difference"), "api00", "enroll", "stype", "sch.wide")
all_of("given-acs", o("'acs:s?,s??'"), given(d, "^s[0-9]", ~pw, type = "ACS", mse = TRUE), "api00", "enroll", "stype", "sch.wide")
all_of("given-jk2", o("'jk2:jk*'"), given(d, "^jk[0-9]", ~pw, type = "JK2"), "api00", "enroll", "stype", "sch.wide")
all_of("given-jk2-mse", o("'jk2:jk*' --mse"), given(d, "^jk[0-9]", ~pw, type = "JK2", mse = TRUE), "api00", "enroll", "stype", "sch.wide")

# nhanes: strata of two PSUs and missing values: BRR, Fay, JKn as given columns.
nh <- read.csv(gzfile("data/nhanes.csv.gz"))
names(nh) <- make.names(names(nh))
nh$race <- factor(nh$race); nh$sex <- factor(ifelse(nh$RIAGENDR == 1, "m", "f"))
des <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
two <- table(unique(nh[, c("SDMVSTRA", "SDMVPSU")])$SDMVSTRA)
nh <- nh[nh$SDMVSTRA %in% names(two)[two == 2], ]
nh <- nh[seq(1, nrow(nh), by = 3), ]
nh$w <- ifelse(seq_len(nrow(nh)) %% 97 == 0, 0, nh$WTMEC2YR)
des <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~w, nest = TRUE, data = nh)
brr <- as.svrepdesign(des, "BRR"); fay <- as.svrepdesign(des, "Fay", fay.rho = 0.4); jkn <- as.svrepdesign(des, "JKn")
d <- cbind(nh[, c("race", "sex", "agecat", "HI_CHOL", "SDMVPSU", "SDMVSTRA", "w")], x = digits(round(nh$WTMEC2YR / 1000 + 7 * nh$HI_CHOL, 3)),
           named("brr", columns_of(brr)), named("fay", columns_of(fay)), named("jkn", columns_of(jkn)))
d$w <- digits(d$w)
d <- write_data("replicates-nhanes", d)
o <- function(rest) paste(file_of("replicates-nhanes"), "--weights w --replicates", rest)
all_of("nhanes-brr", o("'brr:brr*'"), given(d, "^brr", ~w, type = "BRR"), "HI_CHOL", "SDMVPSU", "race", "sex")
all_of("nhanes-brr-mse", o("'brr:brr*' --mse"), given(d, "^brr", ~w, type = "BRR", mse = TRUE), "HI_CHOL", "x", "sex", "race")
all_of("nhanes-fay", o("'fay:fay*' --fay-rho 0.4"), given(d, "^fay", ~w, type = "Fay", rho = 0.4), "HI_CHOL", "SDMVPSU", "agecat", "race")
all_of("nhanes-jkn", o("'jkn:jkn*' --rscales 0.5"), given(d, "^jkn", ~w, type = "JKn", scale = 1, rscales = rep(0.5, sum(grepl("^jkn", names(d))))),
       "HI_CHOL", "SDMVPSU", "race", "sex")
all_of("nhanes-jkn-guessed", o("'jkn:jkn*'"), given(d, "^jkn", ~w, type = "JKn", scale = 1, rscales = rep(0.5, sum(grepl("^jkn", names(d))))),
       "HI_CHOL", "SDMVPSU", "sex", "race")
made <- as.svrepdesign(svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~w, nest = TRUE, data = d), "JKn")
all_of("nhanes-jkn-made", paste(file_of("replicates-nhanes"), "--weights w --strata SDMVSTRA --clusters SDMVPSU --nest --replicates jkn"), made,
       "HI_CHOL", "SDMVPSU", "race", "sex")
made <- as.svrepdesign(svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~w, nest = TRUE, data = d), "BRR")
t <- svytotal(~SDMVPSU + agecat, made)
check("nhanes-brr-made", paste("total SDMVPSU agecat", file_of("replicates-nhanes"), "--weights w --strata SDMVSTRA --clusters SDMVPSU --nest --replicates brr"),
      c("variable=SDMVPSU", paste0("level=", sub("agecat", "", names(coef(t))[-1]))), coef(t), SE(t))

# eusilc: households as clusters of regions, a stratified jackknife of 9 strata with few PSUs drawn from the file, and the bootstrap as columns.
eu <- read.csv(gzfile("../../datasets/eusilc/eusilc.csv.gz"))
names(eu) <- make.names(names(eu))
keep <- sort(sample(unique(eu$db030), 120))
eu <- eu[eu$db030 %in% keep, ]
des <- svydesign(id = ~db030, strata = ~db040, weights = ~rb050, data = eu, nest = TRUE)
boot <- as.svrepdesign(des, "bootstrap", replicates = 60)
d <- cbind(eu[, c("db030", "db040", "rb090", "eqIncome", "age", "rb050", "hsize")], named("repwt", columns_of(boot)))
d$rb050 <- digits(d$rb050)
d <- write_data("replicates-eusilc", d)
o <- function(rest) paste(file_of("replicates-eusilc"), "--weights rb050", rest)
sc <- digits(boot$scale)
all_of("eusilc-bootstrap", o(paste0("--replicates 'bootstrap:repwt*' --scale ", format(sc, digits = 16))), given(d, "^repwt", ~rb050, type = "bootstrap", scale = sc),
       "eqIncome", "hsize", "db040", "rb090")
made <- as.svrepdesign(svydesign(id = ~db030, strata = ~db040, weights = ~rb050, data = d, nest = TRUE), "JKn")
all_of("eusilc-jkn", o("--strata db040 --clusters db030 --nest --replicates jkn"), made, "eqIncome", "hsize", "rb090", "db040")
f <- subset(made, rb090 == "female" & age > 40)
m <- svymean(~eqIncome, f)
check("eusilc-where", paste("mean eqIncome", o("--strata db040 --clusters db030 --nest --replicates jkn --where 'rb090 = \"female\" and age > 40'")), "variable=eqIncome",
      coef(m), SE(m), degf(f))
# A fpc in one stratum of several taken completely, and a lonely PSU: replicates and their scale.
small <- data.frame(h = rep(c("a", "b", "c", "d"), c(3, 4, 2, 1)), y = c(3, 5, 4, 8, 9, 7, 2, 6, 1, 5), x = c(1, 2, 3, 1, 2, 2, 1, 1, 2, 1), w = c(4, 4, 4, 5, 5, 5, 5, 1, 1, 9),
                    n = rep(c(12, 20, 2, 9), c(3, 4, 2, 1)))
write.csv(small, "data/replicates-small.csv", row.names = FALSE)
for (lonely in c("certainty", "average", "adjust")) {
    options(survey.lonely.psu = lonely)
    r <- as.svrepdesign(svydesign(id = ~1, strata = ~h, weights = ~w, data = small, fpc = ~n), "JKn", compress = TRUE)
    if (lonely == "adjust") next      # 4.1-1 fails on its own name of the column
    so <- paste("--data tests/reference/data/replicates-small.csv --weights w --strata h --fpc n --replicates jkn --lonely-psu", lonely)
    m <- svymean(~y, r); q <- svyratio(~y, ~x, r)
    check(paste0("small-", lonely), paste("mean y", so), "variable=y", coef(m), SE(m))
    check(paste0("small-", lonely), paste("ratio y/x", so), "variable=y/x", c(coef(q)), c(SE(q)))
}
write_figures("replicates.csv", "Replicate weights, given and made; R survey 4.1-1, with mse = TRUE for type ACS as 4.5 has it")
