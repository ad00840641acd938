error value: Unknown index type: btree) x
