// Spares the second press; without script the button is there.
document.getElementById("hand-over").submit();
