error value: Unknown operator: ; drop
