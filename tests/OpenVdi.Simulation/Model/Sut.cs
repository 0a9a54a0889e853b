namespace OpenVdi.Simulation.Model;

/// <summary>The real halves pass through this. As it stands it changes nothing; a test makes it wrong on purpose, to see
/// that the model notices.</summary>
internal class Sut
{
    /// <summary>What a call returned.</summary>
    public virtual VdResult Result(string function, VdResult result) => result;

    /// <summary>How often a callback that ran counts.</summary>
    public virtual int Callbacks(ModelCallback callback) => 1;

    /// <summary>What a callback brought.</summary>
    public virtual ModelCallback Callback(ModelCallback callback) => callback;
}

/// <summary>The model and the halves disagree.</summary>
internal sealed class DivergenceException(string message) : Exception(message);
