error value: Unknown column type: text][
