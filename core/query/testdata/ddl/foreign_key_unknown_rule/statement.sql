error value: Unknown referential action: EXPLODE
