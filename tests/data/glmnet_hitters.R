# Coefficients of glmnet 4.1-6 (R 4.2.2) on Hitters, by Rscript glmnet_hitters.R, in this folder.
# y has mean 0 and variance 1 (1/n), in which glmnet's elastic net is that of its documentation;
# coefficients are those of columns of variance 1 (1/n).
library(glmnet)
hitters <- na.omit(read.csv(gzfile("Hitters.csv.gz")))
x <- model.matrix(Salary ~ ., hitters)[, -1]
deviation <- function(v) sqrt(mean((v - mean(v))^2))
y <- (hitters$Salary - mean(hitters$Salary)) / deviation(hitters$Salary)
lambda <- c(0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
rows <- NULL
for (alpha in c(0.2, 0.5, 1)) {
  path <- glmnet(x, y, alpha = alpha, lambda = lambda, thresh = 1e-16, maxit = 1e7)
  w <- t(as.matrix(path$beta) * apply(x, 2, deviation))
  rows <- rbind(rows, cbind(alpha, lambda = path$lambda, w))
}
for (alpha in c(0.5, 1)) {  # the penalties that glmnet chooses itself
  path <- glmnet(x, y, alpha = alpha, nlambda = 100, thresh = 1e-10)
  cat(sprintf("# alpha %g: the largest lambda of the path is %.10f\n", alpha, path$lambda[1]))
}
write.csv(signif(rows, 9), "glmnet_hitters.csv", row.names = FALSE, quote = FALSE)
