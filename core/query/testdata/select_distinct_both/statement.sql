error value: distinct and distinct_on exclude each other
