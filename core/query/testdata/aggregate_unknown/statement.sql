error value: Unknown aggregate function: median (aggregates[0])
