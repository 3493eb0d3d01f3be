# Reference figures for calibrated designs: post-stratification, raking, calibration (linear, bounded, raking, logit, sinh), numeric totals, integrated
# household weights, variances by every convention, replicates, trimming, standardisation; on five data sets, with domains and subpopulations.
#
#   cd tests/reference && Rscript weighting.R
#
# writes weighting.csv and data/weighting-*.csv.
source("figures.R")
source_data <- "data/weighting-"
options(warn = 1)
tight <- 1e-13

# ---- margins as files ----
margin_files <- list()
margin <- function(name, table) {
  path <- paste0(source_data, name, ".csv")
  write.csv(table, path, row.names = FALSE, quote = TRUE)
  margin_files[[name]] <<- paste0("--calibrate tests/reference/", path)
  table
}
files <- function(...) paste(unlist(margin_files[c(...)]), collapse = " ")

# ---- conventions of the variance that R does not have under a name ----
stata <- function(d, formula) {          # the regression with the calibrated weights
  w <- weights(d)
  last <- length(d$postStrata)
  mm <- model.matrix(formula, d$variables)
  d$postStrata[[last]] <- structure(list(qr = qr(mm * sqrt(w)), w = sqrt(w), stage = 0, index = NULL), class = c("greg_calibration", "gen_raking"))
  d
}

# ---- the figures of one weighted design ----
row_figures <- function(case, command, key, est, se) {
  put(case, command, key, "estimate", est)
  put(case, command, key, "se", se)
}
one <- function(case, command, d, variable, ratio = NULL, by = NULL, where = NULL) {
  f <- as.formula(paste("~", variable))
  for (stat in c("total", "mean")) {
    fun <- if (stat == "total") svytotal else svymean
    m <- fun(f, d, na.rm = TRUE)
    levels <- if (is.factor(d$variables[[variable]])) levels(d$variables[[variable]]) else ""
    for (k in seq_along(levels))
      row_figures(case, paste(stat, variable, command), paste0("variable=", variable, if (levels[k] != "") paste0(";level=", levels[k])), coef(m)[k], SE(m)[k])
  }
  if (!is.null(ratio)) {
    p <- strsplit(ratio, "/", fixed = TRUE)[[1]]
    m <- svyratio(as.formula(paste("~", p[1])), as.formula(paste("~", p[2])), d, na.rm = TRUE)
    row_figures(case, paste("ratio", ratio, command), paste0("variable=", ratio), coef(m), SE(m))
  }
  if (!is.null(by)) {
    m <- svyby(f, as.formula(paste("~", by)), d, svytotal, na.rm = TRUE, keep.var = TRUE)
    for (k in seq_len(nrow(m)))
      row_figures(case, paste("total", variable, "--by", by, command), paste0(by, "=", m[[by]][k]), coef(m)[k], SE(m)[k])
  }
  if (!is.null(where)) {
    s <- subset(d, eval(where$r, d$variables))
    m <- svymean(f, s, na.rm = TRUE)
    row_figures(case, paste0("mean ", variable, " --where '", where$ours, "' ", command), paste0("variable=", variable), coef(m), SE(m))
  }
}
weights_of <- function(case, command, d, id, every = 1, tolerance = 1e-10) {
  w <- weights(d, "sampling")
  for (k in seq(1, length(w), by = every))
    put(case, paste("weight --output -", command), paste0(id, "=", d$variables[[id]][k]), "weight", w[k], tolerance)
}

# ---- schools: stratified, clustered, two-stage ----
strat <- read(file.path(root, "api/apistrat.csv"))
clus1 <- read(file.path(root, "api/apiclus1.csv"))
clus2 <- read(file.path(root, "api/apiclus2.csv"))
pop <- read(file.path(root, "api/apipop.csv"))
stype <- margin("stype", as.data.frame(table(stype = pop$stype)))
wide <- margin("sch-wide", as.data.frame(table(sch.wide = pop$sch.wide)))
comp <- margin("comp-imp", as.data.frame(table(comp.imp = pop$comp.imp)))
cross <- margin("stype-wide", as.data.frame(table(stype = pop$stype, sch.wide = pop$sch.wide)))
api99 <- margin("api99", data.frame(variable = "api99", total = sum(pop$api99)))
both <- margin("api99-meals", data.frame(variable = c("api99", "meals"), total = c(sum(pop$api99), sum(pop$meals))))
n <- nrow(pop)
totals <- function(formula) colSums(model.matrix(formula, pop))

designs <- list(
  list(name = "apistrat", d = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
       o = "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"),
  list(name = "apiclus1", d = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
       o = "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"),
  list(name = "apiclus2", d = svydesign(ids = ~dnum + snum, fpc = ~fpc1 + fpc2, data = clus2),
       o = "--data datasets/api/apiclus2.csv --clusters dnum,snum --fpc fpc1,fpc2"),
  list(name = "apiclus1 without fpc", d = svydesign(ids = ~dnum, weights = ~pw, data = clus1),
       o = "--data datasets/api/apiclus1.csv --weights pw --clusters dnum"))
converged <- list(epsilon = 1e-15, maxit = 500)
where <- list(r = quote(api00 > 650), ours = "api00 > 650")
quietly <- function(x) suppressWarnings(x)
for (s in designs) {
  d <- s$d
  full <- function(label, design, options) one(paste(s$name, label), paste(s$o, options), design, "enroll", "api.stu/enroll", "stype", where)
  few <- function(label, design, options) one(paste(s$name, label), paste(s$o, options), design, "api00")
  p <- postStratify(d, ~stype, stype)
  full("post-stratified", p, paste(files("stype"), "--calibrate-method poststratify"))
  few("post-stratified by linear", p, files("stype"))
  few("post-stratified by raking", p, paste(files("stype"), "--calibrate-method raking"))
  weights_of(paste(s$name, "post-stratified"), paste(s$o, files("stype"), "--calibrate-method poststratify"), p, "snum", 11)
  r <- quietly(rake(d, list(~stype, ~sch.wide, ~comp.imp), list(stype, wide, comp), control = converged))
  raked <- paste(files("stype", "sch-wide", "comp-imp"), "--calibrate-method raking")
  full("raked", r, paste(raked, "--calibrate-variance rake"))
  weights_of(paste(s$name, "raked"), paste(s$o, raked), r, "snum", 11)
  f <- ~stype + sch.wide + comp.imp
  full("calibrated by raking", calibrate(d, f, totals(f), calfun = "raking", epsilon = tight), raked)
  l <- calibrate(d, f, totals(f))
  full("linear", l, files("stype", "sch-wide", "comp-imp"))
  full("linear, Stata's variance", stata(l, f), paste(files("stype", "sch-wide", "comp-imp"), "--calibrate-variance stata"))
  weights_of(paste(s$name, "linear"), paste(s$o, files("stype", "sch-wide", "comp-imp")), l, "snum", 11)
  f <- ~stype + api99
  l <- calibrate(d, f, totals(f))
  full("numeric", l, files("stype", "api99"))
  few("numeric, Stata's variance", stata(l, f), paste(files("stype", "api99"), "--calibrate-variance stata"))
  weights_of(paste(s$name, "numeric"), paste(s$o, files("stype", "api99")), l, "snum", 11)
  few("fixed weights", { q <- l; q$postStrata <- NULL; q }, paste(files("stype", "api99"), "--calibrate-variance fixed"))
  k <- calibrate(d, ~stype + api99 + meals, totals(~stype + api99 + meals), calfun = "raking", epsilon = tight)
  full("numeric by raking", k, paste(files("stype", "api99-meals"), "--calibrate-method raking"))
  bounds <- list(apistrat = c(.9, 1.1), apiclus1 = c(.45, 1.9), apiclus2 = c(.3, 2.5), "apiclus1 without fpc" = c(.45, 1.9))[[s$name]]
  limit <- sprintf("--calibrate-bounds %g,%g", bounds[1], bounds[2])
  for (method in c("linear", "raking", "logit", "sinh")) {
    fun <- if (method == "sinh") cal.sinh else method
    b <- tryCatch(calibrate(d, f, totals(f), calfun = fun, bounds = bounds, epsilon = tight, maxit = 500), error = function(e) NULL)
    if (is.null(b)) next
    cat(s$name, method, range(weights(b) / weights(d)), "\n")
    few(paste("bounded", method), b, paste(files("stype", "api99"), "--calibrate-method", method, limit))
    weights_of(paste(s$name, "bounded", method), paste(s$o, files("stype", "api99"), "--calibrate-method", method, limit), b, "snum", 23, 1e-9)
  }
  x <- tryCatch(postStratify(d, ~stype + sch.wide, cross), error = function(e) NULL)
  if (!is.null(x)) full("post-stratified by two", x, paste(files("stype-wide"), "--calibrate-method poststratify"))
}
# Heteroscedastic: enrolment as variance; one weight per district.
d <- designs[[2]]$d
f <- ~stype + api99
few <- function(label, design, options) one(paste("apiclus1", label), paste(designs[[2]]$o, options), design, "enroll", "api.stu/enroll", "stype", where)
few("variance enroll", calibrate(d, f, totals(f), variance = clus1$enroll), paste(files("stype", "api99"), "--calibrate-sigma2 enroll"))
few("one weight per district", calibrate(d, f, totals(f), aggregate.stage = 1), paste(files("stype", "api99"), "--calibrate-cluster dnum"))
f <- ~stype + sch.wide
few("one weight per district, raking", calibrate(d, f, totals(f), aggregate.stage = 1, calfun = "raking", epsilon = tight),
    paste(files("stype", "sch-wide"), "--calibrate-cluster dnum --calibrate-method raking"))

# ---- replicates of schools: every one is calibrated ----
j <- as.svrepdesign(designs[[1]]$d, type = "JKn")
o <- paste(designs[[1]]$o, "--replicates jkn")
f <- ~stype + sch.wide + comp.imp
reps <- function(label, design, options) one(paste("apistrat jackknife", label), paste(o, options), design, "enroll", "api.stu/enroll", "stype", NULL)
reps("post-stratified", postStratify(j, ~stype, stype), paste(files("stype"), "--calibrate-method poststratify"))
reps("linear", calibrate(j, f, totals(f), compress = FALSE), files("stype", "sch-wide", "comp-imp"))
reps("raking", calibrate(j, f, totals(f), calfun = "raking", epsilon = tight, compress = FALSE), paste(files("stype", "sch-wide", "comp-imp"), "--calibrate-method raking"))
reps("rake", quietly(rake(j, list(~stype, ~sch.wide, ~comp.imp), list(stype, wide, comp), control = converged)),
     paste(files("stype", "sch-wide", "comp-imp"), "--calibrate-method raking"))
f <- ~stype + api99
reps("numeric", calibrate(j, f, totals(f), compress = FALSE), files("stype", "api99"))
reps("logit", calibrate(j, f, totals(f), calfun = "logit", bounds = c(.5, 2), epsilon = tight, compress = FALSE),
     paste(files("stype", "api99"), "--calibrate-method logit --calibrate-bounds 0.5,2"))
j1 <- as.svrepdesign(designs[[4]]$d, type = "JK1")
one("apiclus1 jackknife linear", paste(designs[[4]]$o, "--replicates jk1", files("stype", "api99")), calibrate(j1, f, totals(f), compress = FALSE), "enroll", "api.stu/enroll")

# ---- nhanes: unequal weights, three margins, missing values ----
nh <- read("data/nhanes.csv.gz")
nh$race <- factor(nh$race)
nh$agecat <- factor(nh$agecat)
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nh)
shares <- function(v, f) { t <- as.data.frame(svytable(as.formula(paste("~", v)), d)); t$Freq <- round(t$Freq * f(seq_len(nrow(t)))); t }
race <- margin("nh-race", shares("race", function(k) 1 + .1 * (-1)^k))
age <- margin("nh-age", { t <- shares("agecat", function(k) 1 + .08 * (-1)^k); t$Freq <- t$Freq * sum(race$Freq) / sum(t$Freq); t })
sex <- margin("nh-sex", { t <- shares("RIAGENDR", function(k) 1 + .05 * (-1)^k); t$Freq <- t$Freq * sum(race$Freq) / sum(t$Freq); t })
sex$RIAGENDR <- as.numeric(as.character(sex$RIAGENDR))
o <- "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
three <- files("nh-race", "nh-age", "nh-sex")
x <- c(`(Intercept)` = sum(race$Freq))
f <- ~race + agecat + factor(RIAGENDR)
tot <- c(sum(race$Freq), race$Freq[-1], age$Freq[-1], sex$Freq[-1])
names(tot) <- colnames(model.matrix(f, nh))
r <- quietly(rake(d, list(~race, ~agecat, ~RIAGENDR), list(race, age, sex), control = converged))
one("nhanes raked", paste(o, three, "--calibrate-method raking --calibrate-variance rake"), r, "HI_CHOL", NULL, "race", list(r = quote(RIAGENDR == 2), ours = "RIAGENDR = 2"))
k <- calibrate(d, f, tot, calfun = "raking", epsilon = tight)
one("nhanes calibrated by raking", paste(o, three, "--calibrate-method raking"), k, "HI_CHOL", NULL, "agecat", list(r = quote(RIAGENDR == 2), ours = "RIAGENDR = 2"))
l <- calibrate(d, f, tot)
one("nhanes linear", paste(o, three), l, "HI_CHOL", NULL, "agecat", list(r = quote(RIAGENDR == 2), ours = "RIAGENDR = 2"))
one("nhanes linear, Stata's variance", paste(o, three, "--calibrate-variance stata"), stata(l, f), "HI_CHOL", NULL, "race")
for (method in c("logit", "linear", "raking", "sinh")) {
  b <- calibrate(d, f, tot, calfun = if (method == "sinh") cal.sinh else method, bounds = c(.86, 1.22), epsilon = tight, maxit = 500)
  one(paste("nhanes bounded", method), paste(o, three, "--calibrate-bounds 0.86,1.22 --calibrate-method", method), b, "HI_CHOL", NULL, "race")
}
# Totals far above the sample's: R first scales the weights, and bounds are relative to that.
some <- nh[!is.na(nh$HI_CHOL), ]
some$low <- some$WTMEC2YR / 128
write.csv(some, gzfile("data/weighting-nhanes.csv.gz"), row.names = FALSE)
some <- read("data/weighting-nhanes.csv.gz")
some$race <- factor(some$race)
some$agecat <- factor(some$agecat)
small <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~low, nest = TRUE, data = some)
low <- "--data tests/reference/data/weighting-nhanes.csv.gz --weights low --strata SDMVSTRA --clusters SDMVPSU --nest"
for (method in c("raking", "logit", "linear", "sinh")) {
  b <- suppressWarnings(calibrate(small, f, tot, calfun = if (method == "sinh") cal.sinh else method, bounds = c(.7, 1.6), epsilon = tight, maxit = 500))
  one(paste("nhanes from far", method), paste(low, three, "--calibrate-bounds 0.7,1.6 --calibrate-method", method), b, "HI_CHOL", NULL, "race")
}
one("nhanes from far, raking without bounds", paste(low, three, "--calibrate-method raking"), calibrate(small, f, tot, calfun = "raking", epsilon = tight), "HI_CHOL")

# ---- households: integrated weights, and given replicates ----
eu <- read(gzfile(file.path(root, "eusilc/eusilc.csv.gz")))
eu <- eu[eu$db040 %in% c("Burgenland", "Vorarlberg"), ]
eu$band <- factor(cut(eu$age, c(-Inf, 15, 34, 54, Inf), labels = c("0-15", "16-34", "35-54", "55+")))
eu$id <- seq_len(nrow(eu))
eu <- eu[c("id", "db030", "hsize", "db040", "age", "band", "rb090", "pl030", "eqIncome", "rb050")]
eu$pl030[eu$pl030 == ""] <- NA
set.seed(20)
households <- unique(eu$db030)
boot <- sapply(1:24, function(b) tabulate(match(sample(households, length(households) - 1, TRUE), households), length(households)))
factors <- boot[match(eu$db030, households), ] * length(households) / (length(households) - 1)
reps <- round(eu$rb050 * factors, 6)
colnames(reps) <- sprintf("rep%02d", 1:24)
write.csv(cbind(eu, reps), gzfile("data/weighting-eusilc.csv.gz"), row.names = FALSE, quote = FALSE, na = "")
eu <- read("data/weighting-eusilc.csv.gz")
d <- svydesign(id = ~db030, strata = ~db040, weights = ~rb050, data = eu)
o <- "--data tests/reference/data/weighting-eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
region <- margin("eu-region", data.frame(db040 = c("Burgenland", "Vorarlberg"), n = c(285000, 371000)))
bands <- margin("eu-band", data.frame(band = c("0-15", "16-34", "35-54", "55+"), n = c(122000, 156000, 201000, 177000)))
sexes <- margin("eu-sex", data.frame(rb090 = c("female", "male"), n = c(334000, 322000)))
f <- ~db040 + band + rb090
tot <- c(656000, 371000, 156000, 201000, 177000, 322000)
names(tot) <- colnames(model.matrix(f, eu))
three <- files("eu-region", "eu-band", "eu-sex")
of <- list(r = quote(age >= 16), ours = "age >= 16")
for (method in c("linear", "raking")) {
  a <- calibrate(d, f, tot, calfun = method, epsilon = tight)
  one(paste("eusilc persons", method), paste(o, three, "--calibrate-method", method), a, "eqIncome", NULL, "rb090", of)
  one(paste("eusilc persons", method), paste(o, three, "--calibrate-method", method), a, "pl030", NULL, NULL, NULL)
  a <- calibrate(d, f, tot, calfun = method, epsilon = tight, aggregate.stage = 1)
  one(paste("eusilc households", method), paste(o, three, "--calibrate-cluster db030 --calibrate-method", method), a, "eqIncome", NULL, "rb090", of)
  weights_of(paste("eusilc households", method), paste(o, three, "--calibrate-cluster db030 --calibrate-method", method), a, "id", 97)
}
a <- calibrate(d, f, tot, calfun = "logit", bounds = c(.6, 1.7), epsilon = tight, aggregate.stage = 1)
one("eusilc households logit", paste(o, three, "--calibrate-cluster db030 --calibrate-method logit --calibrate-bounds 0.6,1.7"), a, "eqIncome", NULL, "band", of)
g <- svrepdesign(data = eu[1:10], weights = ~rb050, repweights = as.matrix(eu[, 11:34]), type = "bootstrap", combined.weights = TRUE, mse = FALSE)
o <- sprintf("--data tests/reference/data/weighting-eusilc.csv.gz --weights rb050 --replicates 'rep*' --scale %.17g", g$scale)
stopifnot(all(g$rscales == 1))
one("eusilc replicates", o, g, "eqIncome", NULL, "rb090", of)
for (method in c("linear", "raking"))
  one(paste("eusilc replicates", method), paste(o, three, "--calibrate-method", method), calibrate(g, f, tot, calfun = method, epsilon = tight, compress = FALSE), "eqIncome", NULL, "rb090", of)
one("eusilc replicates households", paste(o, three, "--calibrate-cluster db030"), calibrate(g, f, tot, aggregate.index = ~db030, compress = FALSE), "eqIncome", NULL, "rb090", of)
one("eusilc replicates post-stratified", paste(o, files("eu-band"), "--calibrate-method poststratify"), postStratify(g, ~band, setNames(bands, c("band", "Freq"))), "eqIncome", NULL, "rb090", of)

# ---- plans: trimming, standardisation, non-response ----
plan <- function(name, ...) {
  path <- paste0(source_data, name, ".xml")
  writeLines(c("<weighting xmlns=\"urn:libsurvey:weighting:1\">", ..., "</weighting>"), path)
  paste0("tests/reference/", path)
}
d <- svydesign(ids = ~1, weights = ~pw, data = strat)
o <- "--data datasets/api/apistrat.csv --weights pw"
p <- plan("trim", "  <trim lower=\"16\" upper=\"40\"/>")
weights_of("trimmed once", paste(o, "--plan", p), trimWeights(d, 40, 16), "snum", 7)
p <- plan("trim-strict", "  <trim lower=\"16\" upper=\"40\" strict=\"yes\"/>")
weights_of("trimmed strictly", paste(o, "--plan", p), trimWeights(d, 40, 16, strict = TRUE), "snum", 7)
p <- plan("trim-raked", "  <calibrate method=\"raking\">", "    <margin file=\"weighting-stype.csv\"/>", "    <margin file=\"weighting-sch-wide.csv\"/>", "  </calibrate>",
          "  <trim upper=\"42.5\" strict=\"yes\"/>")
r <- calibrate(d, ~stype + sch.wide, totals(~stype + sch.wide), calfun = "raking", epsilon = tight)
t <- trimWeights(r, 42.5, strict = TRUE)
stopifnot(max(weights(r)) > 42.5)
weights_of("raked and trimmed", paste(o, "--plan", p), t, "snum", 7)
one("raked and trimmed", paste(o, "--weighting", p), t, "enroll")

# Rates with a standard age distribution (as help(svystandardize)).
standard <- data.frame(agecat = levels(nh$agecat), n = c(55901, 77670, 72816, 45364))
write.csv(standard, "data/weighting-nh-standard.csv", row.names = FALSE)
d <- svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = some)
o <- "--data tests/reference/data/weighting-nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
p <- plan("standardize", "  <standardize over=\"race, RIAGENDR\">", "    <margin file=\"weighting-nh-standard.csv\"/>", "  </standardize>")
s <- svystandardize(d, by = ~agecat, over = ~race + RIAGENDR, population = standard$n)
m <- svyby(~HI_CHOL, ~race + RIAGENDR, s, svymean)
for (k in seq_len(nrow(m)))
  row_figures("standardised", paste("mean HI_CHOL --by race,RIAGENDR", o, "--weighting", p), paste0("race=", m$race[k], ";RIAGENDR=", m$RIAGENDR[k]), coef(m)[k], SE(m)[k])
p <- plan("standardize-all", "  <standardize>", "    <margin file=\"weighting-nh-standard.csv\"/>", "  </standardize>")
s <- svystandardize(d, by = ~agecat, population = standard$n)
one("standardised, one group", paste(o, "--weighting", p), s, "HI_CHOL")

# Weighting classes and response propensity: weights by hand and by glm, converged.
set.seed(4)
who <- strat[c("snum", "stype", "sch.wide", "api99", "meals", "enroll", "pw", "fpc")]
who$answered <- rbinom(nrow(who), 1, plogis(2 - who$meals / 60))
who$found <- rbinom(nrow(who), 1, .9)
who$answered[who$found == 0] <- 0
who$p1 <- 200 / 6194
who$p2 <- ifelse(who$stype == "E", .8, .9)
write.csv(who, gzfile("data/weighting-response.csv.gz"), row.names = FALSE, quote = FALSE)
who <- read("data/weighting-response.csv.gz")
o <- "--data tests/reference/data/weighting-response.csv.gz"
share <- function(w, takes, among, cell) {
  among <- rep_len(among, length(w))
  f <- ave(w * among, cell, FUN = sum) / ave(w * takes, cell, FUN = sum)
  ifelse(among, ifelse(takes, w * f, 0), w)
}
figures_of <- function(case, command, w, every = 9, tolerance = 1e-10)
  for (k in seq(1, length(w), by = every)) put(case, paste("weight --output -", command), paste0("snum=", who$snum[k]), "weight", w[k], tolerance)
base <- 1 / (who$p1 * who$p2)
p <- plan("cells", "  <base probabilities=\"p1, p2\"/>", "  <eligibility cells=\"stype\" known=\"found = 1\"/>",
          "  <nonresponse cells=\"stype, sch.wide\" respondents=\"answered = 1\" among=\"found = 1\"/>")
known <- share(base, who$found == 1, TRUE, who$stype)
w <- share(known, who$answered == 1, who$found == 1, interaction(who$stype, who$sch.wide))
figures_of("cells", paste(o, "--plan", p), w)
p <- plan("propensity", "  <nonresponse propensity=\"stype, meals, api99\" respondents=\"answered = 1\" among=\"found = 1\"/>")
in_it <- who$found == 1
m <- glm(answered ~ stype + meals + api99, quasibinomial, who, weights = pw, subset = in_it, control = glm.control(epsilon = 1e-15, maxit = 100))
w <- who$pw
w[in_it] <- ifelse(who$answered[in_it] == 1, who$pw[in_it] / fitted(m), 0)
figures_of("propensity", paste(o, "--weights pw --plan", p), w, 9, 1e-9)
p <- plan("propensity-classes", "  <nonresponse propensity=\"stype, meals, api99\" classes=\"5\" respondents=\"answered = 1\" among=\"found = 1\"/>")
u <- m$linear.predictors
cut5 <- sort(u)[ceiling(length(u) * (1:4) / 5)]
class <- findInterval(u, cut5, left.open = TRUE)
w <- who$pw
w[in_it] <- share(who$pw[in_it], who$answered[in_it] == 1, TRUE, class)
figures_of("propensity classes", paste(o, "--weights pw --plan", p), w)

# Every step on every replicate: cells by hand on each column, then R's calibrate().
p <- plan("replayed", "  <eligibility cells=\"stype\" known=\"found = 1\"/>",
          "  <nonresponse cells=\"stype, sch.wide\" respondents=\"answered = 1\" among=\"found = 1\"/>", "  <calibrate>", "    <margin file=\"weighting-stype.csv\"/>",
          "    <margin file=\"weighting-api99.csv\"/>", "  </calibrate>")
j <- as.svrepdesign(svydesign(ids = ~1, weights = ~pw, data = who), type = "JK1")
columns <- weights(j, "analysis")
by_hand <- function(w) share(share(w, who$found == 1, TRUE, who$stype), who$answered == 1, who$found == 1, interaction(who$stype, who$sch.wide))
g <- svrepdesign(data = who, weights = by_hand(who$pw), repweights = apply(columns, 2, by_hand), type = "other", scale = j$scale, rscales = j$rscales,
                 combined.weights = TRUE, mse = FALSE)
f <- ~stype + api99
one("replayed", paste(o, "--weights pw --replicates jk1 --weighting", p), calibrate(g, f, totals(f), compress = FALSE), "enroll", NULL, "stype", list(r = quote(meals > 30), ours = "meals > 30"))

# Bounds on weights, and unequal probabilities (Brewer's form; in the others R does not use the residuals).
p <- plan("weight-bounds", "  <calibrate weight-bounds=\"20,60\">", "    <margin file=\"weighting-stype.csv\"/>", "    <margin file=\"weighting-api99.csv\"/>", "  </calibrate>")
b <- calibrate(designs[[2]]$d, f, totals(f), bounds = c(20, 60), bounds.const = TRUE, epsilon = tight, maxit = 200)
one("bounds on weights", paste(designs[[2]]$o, "--weighting", p), b, "enroll", "api.stu/enroll", "stype")
e <- read("data/election.csv.gz")
e$one <- 1
write.csv(e, gzfile("data/weighting-election.csv.gz"), row.names = FALSE)
margin("election-one", data.frame(one = 1, n = 4600))
margin("election-votes", data.frame(variable = "votes", total = 115971356))
b <- calibrate(svydesign(id = ~1, fpc = ~p, data = e, pps = "brewer"), ~votes, c("(Intercept)" = 4600, votes = 115971356))
one("unequal probabilities", paste("--data tests/reference/data/weighting-election.csv.gz --fpc p --pps brewer", files("election-one", "election-votes")), b, "Bush", "Bush/votes")

# One calibration after the other: R projects the first one first.
p <- plan("chain", "  <calibrate method=\"poststratify\"><margin file=\"weighting-sch-wide.csv\"/></calibrate>",
          "  <calibrate><margin file=\"weighting-stype.csv\"/><margin file=\"weighting-api99.csv\"/></calibrate>")
text <- sub("1\">", "1\" variance-order=\"first-first\">", readLines(sub("tests/reference/", "", p)))
writeLines(text, sub("tests/reference/", "", p))
b <- calibrate(postStratify(designs[[2]]$d, ~sch.wide, wide), f, totals(f))
one("one calibration after the other", paste(designs[[2]]$o, "--weighting", p), b, "enroll", "api.stu/enroll", "stype")

# ---- textbooks ----
# Kalton and Flores-Cervantes (2003), Journal of Official Statistics 19(2), tables A to G: weighting factors as printed, of a 4 by 3 table.
cell <- rep(1:12, c(20, 50, 100, 30, 40, 140, 50, 100, 40, 310, 50, 70))
k <- data.frame(id = seq_along(cell), a = (cell - 1) %% 4 + 1, b = (cell - 1) %/% 4 + 1, one = 1)
write.csv(k, gzfile("data/weighting-kalton.csv.gz"), row.names = FALSE)
count <- c(80, 60, 170, 55, 40, 150, 60, 165, 55, 340, 200, 125)
people <- data.frame(a = rep(1:4, 3), b = rep(1:3, each = 4), n = count)
margin("kalton-ab", people)
margin("kalton-a", aggregate(n ~ a, people, sum))
margin("kalton-b", aggregate(n ~ b, people, sum))
margin("kalton-one", data.frame(one = 1, n = sum(count)))
margin("kalton-numbers", data.frame(variable = c("a", "b"), total = c(sum(people$a * count), sum(people$b * count))))
printed <- function(table, options, factors)
  for (c in 1:12) put(paste("Kalton, table", table), paste("weight --output - --data tests/reference/data/weighting-kalton.csv.gz", options),
                      paste0("id=", match(c, cell)), "weight", factors[c], "+0.00501")
printed("A", paste(files("kalton-ab"), "--calibrate-method poststratify"), c(4, 1.2, 1.7, 1.83, 1, 1.07, 1.2, 1.65, 1.38, 1.1, 4, 1.79))
ab <- files("kalton-a", "kalton-b")
printed("B", paste(ab, "--calibrate-method raking"), c(1.81, 1.08, 2.2, 1.83, 1.45, .87, 1.76, 1.47, 2.02, 1.21, 2.45, 2.04))
printed("C", ab, c(1.82, 1.09, 2.19, 1.83, 1.5, .78, 1.88, 1.52, 1.97, 1.24, 2.34, 1.98))
printed("D", files("kalton-one", "kalton-numbers"), c(1.21, 1.43, 1.66, 1.88, 1.17, 1.4, 1.62, 1.85, 1.14, 1.36, 1.59, 1.81))
printed("G, logit", paste(ab, "--calibrate-method logit --calibrate-bounds 0.5,2.2"), c(1.87, 1.08, 2.17, 1.89, 1.46, .74, 2.09, 1.49, 1.98, 1.27, 2.18, 1.99))
printed("G, linear", paste(ab, "--calibrate-bounds 0.5,2.2"), c(1.81, 1.08, 2.2, 1.83, 1.48, .75, 2, 1.5, 1.99, 1.26, 2.2, 2))

# Lehtonen and Pahkinen, Practical Methods: province 91 with two post-strata (figures of SUDAAN; the tolerance is half of their last digit).
margin("province", data.frame(poststr = 1:2, n = c(7, 25)))
o <- paste("--data datasets/textbook/province91-poststratified.csv --clusters id --weights wt --fpc fpc", files("province"), "--calibrate-method poststratify")
for (l in list(list("total", 18106, 6013.6, "+0.5", "+0.0501"), list("mean", 565.81, 187.93, "+0.00501", "+0.00501"))) {
  put("Lehtonen and Pahkinen", paste(l[[1]], "ue91", o), "variable=ue91", "estimate", l[[2]], l[[4]])
  put("Lehtonen and Pahkinen", paste(l[[1]], "ue91", o), "variable=ue91", "se", l[[3]], l[[5]])
}
write_figures("weighting.csv", "rake() and calibrate() converged to rounding; Stata's variance written out in weighting.R.")
