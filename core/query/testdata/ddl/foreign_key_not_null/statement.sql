error value: column a cannot be SET NULL: it is not nullable
