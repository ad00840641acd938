error value: Update failed: no columns to update
