error value: Unknown join type: sideways
