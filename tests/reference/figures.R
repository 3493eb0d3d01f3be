# What estimates.R and designs.R share: one design, one statistic and its domains become rows (command, estimate, column, figure).
suppressMessages(library(survey))
options(digits = 17, warn = 1, survey.lonely.psu = "fail")
root <- "../../datasets"
read <- function(path, ...) read.csv(path, stringsAsFactors = TRUE, na.strings = c("", "NA"), check.names = FALSE, ...)
num <- function(x) sprintf("%.17g", x)
rows <- list()
put <- function(case, command, key, quantity, value, tolerance = 1e-10)
  rows[[length(rows) + 1]] <<- data.frame(case, command, key, quantity, value = num(value), tolerance = format(tolerance))

# ---- one design, one statistic, all domains ----
# The design of a domain is d[rows, ]: what svyby() does (survey 4.1-1, surveyby.R).
domains <- function(d, by, where) {
  v <- d$variables
  keep <- if (is.null(where)) rep(TRUE, nrow(v)) else { k <- eval(where, v); k & !is.na(k) }
  if (is.null(by)) return(list(list(key = "", rows = keep)))
  f <- lapply(v[by], function(x) factor(x))
  cell <- do.call(interaction, c(f, drop = FALSE, sep = "\r"))
  used <- keep & weights(d) != 0 & !is.na(cell)
  lapply(levels(cell)[levels(cell) %in% unique(as.character(cell[used]))],
         function(l) list(key = paste(strsplit(l, "\r", fixed = TRUE)[[1]], collapse = "|"), rows = keep & !is.na(cell) & cell == l))
}
figures <- function(case, command, key, est, se, dfs, level, df, deff, n, missing) {
  q <- if (is.finite(df)) qt(1 - (1 - level) / 2, df) else qnorm(1 - (1 - level) / 2)
  put(case, command, key, "estimate", est)
  put(case, command, key, "se", se)
  put(case, command, key, "ci_lower", est - q * se)
  put(case, command, key, "ci_upper", est + q * se)
  put(case, command, key, "df", dfs)
  put(case, command, key, "cv", se / est)
  put(case, command, key, "n", n)
  put(case, command, key, "missing", missing)
  if (!is.null(deff)) put(case, command, key, "deff", deff)
}
quoted <- function(v) sprintf("`%s`", v)
run <- function(case, command, d, stat, vars, by = NULL, where = NULL, deff = FALSE, level = .95, design.df = FALSE, factors = FALSE) {
  if (!is.null(by)) command <- paste(command, "--by", paste(by, collapse = ","))
  if (isTRUE(deff)) command <- paste(command, "--deff")
  if (identical(deff, "replace")) command <- paste(command, "--deff-replace")
  if (level != .95) command <- paste(command, "--level", level)
  if (design.df) command <- paste(command, "--df design")
  for (g in domains(d, by, where)) {
    s <- d[g$rows, ]
    dfs <- degf(s)
    df <- if (design.df) dfs else Inf
    if (stat == "ratio") for (r in vars) {
      p <- strsplit(r, "/", fixed = TRUE)[[1]]
      x <- s$variables[unlist(strsplit(vars, "/", fixed = TRUE))]    # rows drop out of all ratios of a command together
      s$variables[!complete.cases(x), p] <- NA
      m <- svyratio(as.formula(paste("~", quoted(p[1]))), as.formula(paste("~", quoted(p[2]))), s, na.rm = TRUE, deff = deff)
      used <- complete.cases(x) & weights(s) != 0
      figures(case, command, paste(r, "", g$key, sep = "|"), coef(m), SE(m), dfs, level, df, if (!isFALSE(deff)) attr(m, "deff")[1, 1],
              sum(used), sum(weights(s) != 0 & !complete.cases(x)))
    } else {
      terms <- if (factors) sprintf("factor(%s)", quoted(vars)) else quoted(vars)
      fun <- if (stat == "total") svytotal else svymean
      m <- fun(as.formula(paste("~", paste(terms, collapse = "+"))), s, na.rm = TRUE, deff = deff)
      x <- s$variables[vars]
      used <- complete.cases(x) & weights(s) != 0
      at <- 0
      for (k in seq_along(vars)) {
        lv <- if (factors || is.factor(x[[k]])) levels(factor(d$variables[[vars[k]]])) else ""
        if (factors) lv <- levels(factor(s$variables[[vars[k]]]))
        for (l in lv) {
          at <- at + 1
          figures(case, command, paste(vars[k], l, g$key, sep = "|"), coef(m)[at], SE(m)[at], dfs, level, df,
                  if (!isFALSE(deff)) survey::deff(m)[at], sum(used), sum(weights(s) != 0 & !complete.cases(x)))
        }
      }
    }
  }
}
# Intervals of svyciprop; `logit` is compared with xlogit, to which it converges (glm stops at 1e-8).
run_ci <- function(case, command, d, var, value, by = NULL, where = NULL, level = .95) {
  if (!is.null(by)) command <- paste(command, "--by", paste(by, collapse = ","))
  if (level != .95) command <- paste(command, "--level", level)
  for (g in domains(d, by, where)) {
    s <- d[g$rows, ]
    f <- eval(bquote(~I(.(as.name(var)) == .(value))))
    key <- paste(var, value, g$key, sep = "|")
    for (method in c("mean", "xlogit", "asin", "beta")) {
      ci <- attr(svyciprop(f, s, method = method, level = level, na.rm = TRUE), "ci")
      for (m in if (method == "xlogit") c("xlogit", "logit") else method) {
        c2 <- paste(command, "--ci", m)
        put(case, c2, key, "ci_lower", ci[1])
        put(case, c2, key, "ci_upper", ci[2])
      }
    }
    # as R stops: a looser tolerance, and only where its fit converges
    if (!anyNA(s$variables[[var]]) && is.null(by)) for (method in c("logit", "likelihood")) {
      ci <- tryCatch(attr(svyciprop(f, s, method = method, level = level), "ci"), error = function(e) NULL, warning = function(w) NULL)
      if (is.null(ci)) next
      put(case, paste(command, "--ci", method), key, "ci_lower", ci[1], if (method == "logit") 1e-6 else 1e-4)
      put(case, paste(command, "--ci", method), key, "ci_upper", ci[2], if (method == "logit") 1e-6 else 1e-4)
    }
  }
}
# Weighted counts: svytotal of the interaction.
run_table <- function(case, command, d, vars) {
  f <- lapply(d$variables[vars], factor)
  ok <- complete.cases(d$variables[vars])
  d$variables$cell <- do.call(interaction, c(f, sep = ":", drop = FALSE))
  m <- svytotal(~cell, d, na.rm = TRUE)
  for (l in levels(d$variables$cell)) {
    key <- paste(paste(vars, collapse = ":"), l, "", sep = "|")
    put(case, command, key, "estimate", coef(m)[paste0("cell", l)])
    put(case, command, key, "se", SE(m)[which(levels(d$variables$cell) == l)])
    put(case, command, key, "n", sum(d$variables$cell == l & weights(d) != 0, na.rm = TRUE))
  }
}
run_vcov <- function(case, command, v, names) {
  for (i in seq_along(names)) for (j in seq_along(names)) put(case, command, paste(names[i], names[j], sep = "~"), "vcov", v[i, j])
}
write_figures <- function(path, remark) {
  out <- do.call(rbind, rows)
  out <- out[out$value != "NA", ]
  con <- file(path, "wb")
  writeLines(c(sprintf("# Made by tests/reference/%s; one figure per row.", sub("csv$", "R", path)),
               sprintf("# %s, survey %s. %s", R.version.string, packageVersion("survey"), remark)), con)
  write.csv(out, con, row.names = FALSE)
  close(con)
  cat(nrow(out), "figures in", length(unique(out$command)), "commands\n")
}
