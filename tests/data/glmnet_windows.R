# Paths and cross-validation of glmnet 4.1-6 (R 4.2.2), by Rscript glmnet_windows.R, in this folder.
# NYSE: the log volume from 20 days of 3 columns, flattened windows, oldest day first.
# Hitters: the salary from all other columns; as two targets, the salary and the years.
# Binomial: whether the log volume of NYSE is positive. Poisson: the home runs of Hitters from all
# other columns but the salary. Cross-validation is by the deviance, which is the default.
library(glmnet)
exact <- list(thresh = 1e-14, maxit = 1e7)
rows <- NULL
keep <- function(case, quantity, lambda, values) {
  rows <<- rbind(rows, data.frame(case, quantity, lambda, index = seq_along(values) - 1,
                                  value = signif(as.numeric(values), 11)))
}
blocks <- function(n, k) rep(1:k, n %/% k + (1:k <= n %% k))  # as KFold(k)
fit <- function(...) do.call(glmnet, c(list(...), exact))
keep_path <- function(case, x, y, lambda, ...) {
  path <- fit(x, y, lambda = lambda, ...)
  for (l in lambda) keep(case, "coef", l, coef(path, s = l))
}
keep_cv <- function(case, x, y, lambda, k, ...) {
  cv <- do.call(cv.glmnet, c(list(x, y, lambda = lambda, foldid = blocks(nrow(x), k), ...), exact))
  keep(case, "cvm", lambda, cv$cvm)
  keep(case, "cvsd", lambda, cv$cvsd)
  keep(case, "chosen", 0, c(cv$lambda.min, cv$lambda.1se))
}
grid <- function(first, n) signif(first * 10^seq(0, -3, length.out = n), 6)

nyse <- read.csv(gzfile("../../sklearn_rnn/datasets/data/NYSE.csv.gz"))
z <- as.matrix(nyse[, c("DJ_return", "log_volume", "log_volatility")])
n <- nrow(z)
x <- do.call(cbind, lapply(20:1, function(lag) z[21:n - lag, ]))
y <- z[21:n, "log_volume"]
is_up <- as.numeric(y > 0)
for (alpha in c(1, 0.5, 0))
  keep_path(sprintf("binomial %g", alpha), x, is_up, c(0.1, 0.01, 0.001), alpha = alpha, family = "binomial")
keep_cv("binomial 1", x, is_up, grid(0.3, 8), 5, alpha = 1, family = "binomial")
keep_path("nyse", x, y, c(0.1, 0.01, 0.001), alpha = 1)
keep_cv("nyse", x, y, grid(0.2, 30), 5, alpha = 1)

hitters <- na.omit(read.csv(gzfile("Hitters.csv.gz")))
x <- model.matrix(Salary ~ ., hitters)[, -1]
y <- hitters$Salary
factor <- rep(c(1, 2, 0.5, 1.5), length.out = ncol(x))
factor[3] <- 0
for (alpha in c(1, 0.5, 0))
  keep_path(sprintf("hitters %g", alpha), x, y, c(100, 10, 1), alpha = alpha)
keep_path("hitters factor", x, y, c(100, 10, 1), alpha = 1, penalty.factor = factor)
keep_cv("hitters 1", x, y, grid(250, 30), 10, alpha = 1)
keep_cv("hitters few", x[1:40, ], y[1:40], grid(250, 10), 20, alpha = 1)  # two rows a fold
runs <- x[, "HmRun"]
for (alpha in c(1, 0.5, 0))
  keep_path(sprintf("poisson %g", alpha), x[, -3], runs, c(1, 0.1, 0.01), alpha = alpha, family = "poisson")
keep_cv("poisson 1", x[, -3], runs, grid(5, 20), 10, alpha = 1, family = "poisson")
both <- fit(x[, -7], cbind(y, 100 * hitters$Years), family = "mgaussian", lambda = c(100, 10))
for (l in both$lambda) for (k in 1:2) keep(sprintf("hitters both %d", k), "coef", l, coef(both, s = l)[[k]])
write.csv(rows, "glmnet_windows.csv", row.names = FALSE, quote = FALSE)
