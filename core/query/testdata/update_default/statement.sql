error value: DEFAULT is only possible in inserted rows
