# What random designs were checked with: estimators under given and calibrated replicates, and tests of two-phase samples. R survey 4.1-1.
source("figures.R")
suppressMessages(library(survey))
suppressMessages(library(survival))
options(survey.replicates.mse = FALSE, warn = -1)

d <- read.csv(gzfile("data/replicates-clus2.csv.gz"), stringsAsFactors = TRUE, na.strings = "")
base <- "--data tests/reference/data/replicates-clus2.csv.gz --weights pw --replicates "
given <- function(pattern, ...) svrepdesign(data = d[, c("stype", "api00", "api99", "enroll", "meals", "sch.wide", "pw")],
                                            repweights = d[, grepl(pattern, names(d))], weights = ~pw, ...)
cells <- function(case, command, key, ...) {
    values <- list(...)
    for (q in names(values)) for (i in seq_along(key)) put(case, command, key[i], q, unname(values[[q]][i]), "1e-10")
}
# Everything that one design of replicates can be asked.
all_of <- function(case, options, r, calibrated = FALSE) {
    probs <- c(0.1, 0.5, 0.9)
    for (rule in c("math", "school", "hf7")) {
        q <- svyquantile(~meals, r, probs, qrule = rule)[[1]]
        cells(case, paste("quantile meals --probs 0.1,0.5,0.9 --qrule", rule, options), paste0("prob=", probs), estimate = q[, 1], ci_lower = q[, 2], ci_upper = q[, 3], se = q[, 4])
    }
    v <- svyvar(~api00 + meals, r)
    cells(case, paste("variance api00 meals", options), c("variable=api00", "variable=meals", "variable=api00:meals"), estimate = as.matrix(v)[c(1, 4, 2)], se = as.numeric(SE(v))[c(1, 4, 2)])
    b <- svycontrast(svyby(~api00, ~stype, r, svymean, covmat = TRUE), quote(log(E / H) - M / 1000))
    cells(case, paste("contrast 'log(E / H) - M / 1000' --variables api00 --by stype", options), "", estimate = coef(b), se = SE(b))
    b <- svycontrast(svyratio(~api00 + meals, ~api99, r, covmat = TRUE), c(1, -2))
    cells(case, paste("contrast '`api00/api99` - 2 * `meals/api99`' --of ratio --variables api00/api99,meals/api99", options), "", estimate = coef(b), se = SE(b))
    for (m in c("mean", "asin", "xlogit", "beta")) {
        p <- svyciprop(~I(stype == "E"), r, method = m)
        cells(case, paste("proportion stype --ci", m, options), "level=E", estimate = coef(p), ci_lower = attr(p, "ci")[1], ci_upper = attr(p, "ci")[2])
    }
    if (calibrated) return(invisible())
    for (m in list(c("pearson-f", "F"), c("wald", "Wald"), c("adj-wald", "adjWald"))) {
        s <- svychisq(~stype + sch.wide, r, statistic = m[2])
        cells(case, paste("table stype sch.wide --test", m[1], options), "", statistic = s$statistic, ndf = s$parameter[1], ddf = s$parameter[2], p_value = s$p.value)
    }
    s <- svygofchisq(~stype, c(0.6, 0.2, 0.2), r)
    cells(case, paste("table stype --expected 0.6,0.2,0.2 --test pearson-chisq", options), "", statistic = s$statistic, ndf = s$parameter[2], p_value = s$p.value)
    s <- svyttest(api00 ~ sch.wide, r)
    cells(case, paste("test 'api00 ~ sch.wide'", options), "", statistic = s$statistic, ddf = s$parameter, p_value = s$p.value)
    s <- svyranktest(api00 ~ sch.wide, r)
    cells(case, paste("test 'api00 ~ sch.wide' --kind wilcoxon", options), "", statistic = s$statistic, ddf = s$parameter, p_value = s$p.value)
}
all_of("jk1", paste0(base, "'jk1:jk*'"), given("^jk[0-9]", type = "JK1"))
all_of("factors", paste0(base, "'bootstrap:f?,f??' --uncombined --mse"), given("^f[0-9]+$", type = "bootstrap", combined.weights = FALSE, mse = TRUE))
all_of("acs", paste0(base, "'acs:s?,s??'"), given("^s[0-9]", type = "ACS", mse = TRUE))
margin <- data.frame(sch.wide = c("No", "Yes"), count = c(1072, 5122))
write.csv(margin, "data/weighting-checked.csv", row.names = FALSE, quote = FALSE)
all_of("post-stratified", paste0(base, "'acs:s?,s??' --calibrate tests/reference/data/weighting-checked.csv"),
       postStratify(given("^s[0-9]", type = "ACS", mse = TRUE), ~sch.wide, setNames(margin, c("sch.wide", "Freq")), compress = FALSE), calibrated = TRUE)

# n of a table of two phases is that of the second.
nw <- read.csv(gzfile("data/nwtco.csv.gz"))
two <- twophase(id = list(~1, ~1), strata = list(NULL, ~rel), subset = ~I(sampled == 1), data = nw, method = "approx")
for (m in list(c("pearson-chisq", "Chisq"), c("pearson-f", "F"))) {
    s <- svychisq(~stage + instit, two, statistic = m[2])
    cells("two-phase", paste("table stage instit --test", m[1], "--data tests/reference/data/nwtco.csv.gz --phase2 sampled --phase2-strata rel --phase2-method approx"), "",
          statistic = s$statistic, p_value = s$p.value)
}
# A lonely stratum without rows in the domain is no stratum of it, for every estimator.
data(api)
options(survey.lonely.psu = "average")
part <- subset(svydesign(id = ~1, strata = ~dnum, weights = ~pw, data = apiclus1), stype == "H")
o <- "--data datasets/api/apiclus1.csv --weights pw --strata dnum --lonely-psu average --where 'stype = \"H\"'"
v <- svyvar(~api00, part)
cells("lonely-average", paste("variance api00", o), "", estimate = coef(v), se = SE(v))
v <- svymean(~api00, part)
cells("lonely-average", paste("mean api00", o), "", estimate = coef(v), se = SE(v))
write_figures("checked.csv", "Replicates under every estimator; tables of two phases")
