"""What is done with a corpus that is there, a module or folder for each verb."""
