a = $10 AND b = $11 AND c = '$1' AND d$1 = $10
