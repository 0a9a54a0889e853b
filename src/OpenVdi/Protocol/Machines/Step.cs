namespace OpenVdi;

/// <summary>What a machine answers: the code to return and the state to be in.</summary>
/// <typeparam name="TState">The machine's states.</typeparam>
internal readonly record struct Step<TState>(VdResult Status, TState Next)
    where TState : struct, Enum;
