error value: update column nope is not in the document
