# The same measurement with data.table::fread, to compare with: one line of JSON.
#
#     Rscript tests/bench/fread_csv.R FILE [THREADS] [REPEATS]

suppressMessages(library(data.table))
args <- commandArgs(TRUE)
threads <- if (length(args) > 1) as.integer(args[2]) else 2L
repeats <- if (length(args) > 2) as.integer(args[3]) else 3L
setDTthreads(threads)
best <- Inf
for (i in seq_len(repeats)) best <- min(best, system.time(d <- fread(args[1], showProgress = FALSE))[["elapsed"]])
status <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
cat(sprintf("{\"name\":\"csv_read_fread\",\"n\":%d,\"columns\":%d,\"threads\":%d,\"seconds\":%.4f,\"peak_kb\":%s}\n", nrow(d), ncol(d), threads, best,
            gsub("[^0-9]", "", status)))
