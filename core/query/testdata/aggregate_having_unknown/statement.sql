error value: Unknown aggregate function: median (having[0])
